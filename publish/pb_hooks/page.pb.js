/// <reference path="../pb_data/types.d.ts" />
// Headers of the live page that its own <meta> cannot set; the API and the dashboard have their own.
// no-cache: browsers ask whether a file changed, so that after an upgrade no old module meets a new one.

routerUse((event) => {
  const { path } = event.request.url;
  if (!path.startsWith("/api/") && !path.startsWith("/_/")) {
    const headers = event.response.header();
    headers.set("Content-Security-Policy", "frame-ancestors 'none'");
    headers.set("X-Frame-Options", "DENY");
    headers.set("Cache-Control", "no-cache");
  }
  return event.next();
});

// The files of the catalog's page: where `make serve` says that they are, in the folder that it works in.
routerAdd("GET", "/catalog-data/{path...}", $apis.static($os.dirFS("catalog-data"), false));

// Of the reports the feed alone, which `make digest` writes.
routerAdd("GET", "/issues.atom", (event) => {
  event.response.header().set("Content-Type", "application/atom+xml; charset=utf-8");
  return event.fileFS($os.dirFS("reports"), "issues.atom");
});
