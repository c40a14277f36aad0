//! Trouble from every side: a clear answer or log line, nothing lost, no panic.

mod door;
mod patience;

mod sharing;
mod store;

mod wecom;

mod reload;
mod stop;
