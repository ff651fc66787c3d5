//! What the analyst sees: an API over a store of events, and the web page.
//!
//! Takes an address and a store ([`Options`]), gives pages until it is dropped ([`serve`]). Whatever it needs of the rest
//! of the program (the clock, how a watchlist is read, how a dossier is made) comes in as a function, so that this crate
//! knows the store and nothing else. It never changes an event: what people say of one stands beside it.
//!
//! The way of a request, which is also the order of the modules: a connection, of which there is a bounded number, with
//! bounded times (`server`); who asks, and whether they may (`access`); what is asked for (`query`); the answer (`api`,
//! `export`, `live`), read from the store on a thread that may wait (`store`), or a file of the page (`page`).

mod access;
mod answer;
mod api;
mod blocking;
mod export;
mod lists;
mod live;
mod openapi;
mod page;
mod query;
mod server;
mod session;
mod store;
mod what_if;

pub use access::{Access, AccessError, Role, Users, hash_password};
pub use server::{MakeDossier, Options, RefusedError, serve};
pub use what_if::{Nearness, Profile};
