//! Record data: text and wire forms against files another program made, RFC examples, and properties for every type.

mod goldens;
mod invalid;
mod properties;
mod tokens;
mod vectors;
