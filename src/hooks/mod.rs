//! What others call when something happened with them.

mod stripe;

pub use self::stripe::StripeHook;
