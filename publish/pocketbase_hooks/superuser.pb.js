// Loaded only by `pocketbase superuser upsert`, never by the server (publish/pocketbase/superuser.py).
// That command takes the password as an argument, where every user of the machine can read it. So it
// is given a word that is never used, and the password is read here, from a file of its owner.
onRecordCreate((e) => {
  e.record.setPassword(JSON.parse(toString($os.readFile($os.getenv("ASSAY_SUPERUSER_FILE")))).password);
  e.next();
}, "_superusers");

onRecordUpdate((e) => {
  e.record.setPassword(JSON.parse(toString($os.readFile($os.getenv("ASSAY_SUPERUSER_FILE")))).password);
  e.next();
}, "_superusers");
