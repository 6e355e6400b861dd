//! The acceptance tests: the real binary between a scripted upstream and a real client.
//!
//! They know what a user knows: the command line, the configuration file, HTTP, the export. What
//! each proves is said at the top of its file. Third-party recordings are read from
//! `TOLLGATE_SHARED` and never copied here.

#[cfg(test)]
mod alerts;
#[cfg(test)]
mod alike;
#[cfg(test)]
mod bedrock;
#[cfg(test)]
mod breakeven;
#[cfg(test)]
mod calibrate;
#[cfg(test)]
mod counting;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod egress;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod hosting;
#[cfg(test)]
mod import;
#[cfg(test)]
mod lasting;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod measured;
#[cfg(test)]
mod origins;
#[cfg(test)]
mod past;
#[cfg(test)]
mod prometheus;
#[cfg(test)]
mod public_failures;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod reprice;
#[cfg(test)]
mod reserved;
#[cfg(test)]
mod served;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod support;
#[cfg(test)]
#[cfg(feature = "tokenizers")]
mod tokenizers;
#[cfg(test)]
mod upkeep;
#[cfg(test)]
mod verdict;
#[cfg(test)]
mod watch;
