//! What the functions share.
//!
//! An [`Employee`] publishes a [`CompanyNumber`] and carries a [`MobileNumber`].
//! [`okta::Directory`] knows the employees, [`twilio::Account`] owns the company numbers, and
//! [`twilio::Webhooks`] is the door Twilio knocks on when somebody uses one. Then the
//! [`switchboard`] finds out which mobile is meant.
//!
//! Nothing here knows that it runs on Lambda.

pub mod aws;
mod causes;
pub mod config;
mod employee;
pub mod limiter;
pub mod log;
pub mod metrics;
pub mod okta;
pub mod phone;
pub mod seal;
pub mod secrets;
pub mod start;
pub mod switchboard;
pub mod transport;
pub mod twilio;

pub use causes::Causes;
pub use employee::{Employee, EmployeeId, Name, NotAnEmployeeId, Status, Unreachable};
pub use phone::{CompanyNumber, MobileNumber, PhoneNumber};
