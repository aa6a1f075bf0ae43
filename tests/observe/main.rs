//! What `observe` makes of servers: of good ones, and of silent, lame, lying and disagreeing ones. The servers are threads of
//! the test on loopback, which say exactly what a case is about.

#![expect(unreachable_pub, reason = "the modules of a test program have no outside")]

mod advice;
mod answers;
mod file;
mod server;
mod sides;
