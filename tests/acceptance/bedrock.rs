//! Amazon Bedrock through the real binary: streams that are cut, and who signs.

mod cut;
mod frames;
mod passed;
mod signature;
mod signs;
mod sources;
