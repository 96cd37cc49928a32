//! Every test that needs a database, a door or a simulated GitHub.


