//! stub
use crate::{
    config::{Credentials, Secret},
    request::RequestHeaders,
};
pub enum Credential {
    Token { token: Secret, place: TokenPlace },
    Client { client_id: Secret, client_secret: Secret, place: ClientPlace },
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    Header,
    Query,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientPlace {
    Basic,
    Query,
}
pub enum Presented {
    Nothing,
    One(Credential),
    Bad(BadCredential),
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadCredential {
    Conflict,
    Token,
    Basic,
    ClientQuery,
}
pub struct Found {
    pub presented: Presented,
    pub clean_path: Option<Vec<u8>>,
    pub path_with_used: Option<Vec<u8>>,
    pub in_authorization: usize,
}
pub fn find(_headers: &RequestHeaders, _settings: &Credentials) -> Found {
    Found {
        presented: Presented::Bad(BadCredential::Conflict),
        clean_path: None,
        path_with_used: None,
        in_authorization: 0,
    }
}
