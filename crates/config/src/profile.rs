//! `profile`: whose defaults the keys have that are left out.

use usergrid_auth_rules::path::Routes;

words! {
    /// `profile`: what stands behind the filter, and so what is meant by a key that is left out.
    pub enum Profile {
        /// Apache Usergrid, or an API of its shape.
        Usergrid = "usergrid",
        /// An API with opaque tokens of OAuth 2.0.
        Oauth = "oauth",
    }
}

impl Profile {
    /// By whose routes paths are read. Usergrid reserves words in a path, other APIs do not.
    #[must_use]
    pub const fn routes(self) -> Routes {
        match self {
            Self::Usergrid => Routes::Usergrid,
            Self::Oauth => Routes::Plain,
        }
    }
}
