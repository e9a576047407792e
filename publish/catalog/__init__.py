"""The catalog as a page: Parquet files out of the warehouse, and the page that shows them."""
