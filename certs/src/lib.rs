//! Trust material of Concordat: keys, certificates, genesis, enrolment.

pub mod certificate;
