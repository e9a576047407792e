-- The last day of which there are counters.
select max(observed_on) from hf.model_stats_daily
