//! rdata
