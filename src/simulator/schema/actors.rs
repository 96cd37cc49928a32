//! Accounts that can act on GitHub: people and other kinds.

use async_graphql::{ID, Interface, SimpleObject, Union};

use crate::simulator::Account;

macro_rules! accounts {
    ($($kind:ident)*) => {$(
        #[derive(SimpleObject)]
        #[graphql(complex)]
        pub(super) struct $kind {
            pub(super) login: String,
        }

        #[async_graphql::ComplexObject]
        impl $kind {
            pub(super) async fn id(&self) -> ID {
                ID(format!("{}_{}", stringify!($kind), self.login))
            }
        }
    )*};
}

accounts!(Bot EnterpriseUserAccount Mannequin Organization User);

#[derive(Interface)]
#[graphql(field(name = "login", ty = "&String"))]
pub(super) enum Actor {
    Bot(Bot),
    EnterpriseUserAccount(EnterpriseUserAccount),
    Mannequin(Mannequin),
    Organization(Organization),
    User(User),
}

impl Actor {
    pub(super) fn new(account: Account, login: String) -> Self {
        match account {
            Account::Person => Self::User(User { login }),
            Account::Bot => Self::Bot(Bot { login }),
            Account::Mannequin => Self::Mannequin(Mannequin { login }),
            Account::Organization => Self::Organization(Organization { login }),
            Account::EnterpriseUser => Self::EnterpriseUserAccount(EnterpriseUserAccount { login }),
        }
    }

    /// The account as an assignee; GitHub does not assign enterprise accounts.
    pub(super) fn into_assignee(self) -> Option<Assignee> {
        Some(match self {
            Self::Bot(bot) => Assignee::Bot(bot),
            Self::Mannequin(mannequin) => Assignee::Mannequin(mannequin),
            Self::Organization(organization) => Assignee::Organization(organization),
            Self::User(user) => Assignee::User(user),
            Self::EnterpriseUserAccount(_) => return None,
        })
    }
}

#[derive(Union)]
pub(super) enum Assignee {
    Bot(Bot),
    Mannequin(Mannequin),
    Organization(Organization),
    User(User),
}

#[derive(SimpleObject)]
pub(super) struct UserConnection {
    nodes: Option<Vec<Option<User>>>,
}

impl UserConnection {
    pub(super) fn new(users: impl Iterator<Item = User>) -> Self {
        Self { nodes: Some(users.map(Some).collect()) }
    }
}

#[derive(SimpleObject)]
pub(super) struct AssigneeConnection {
    nodes: Option<Vec<Option<Assignee>>>,
}

impl AssigneeConnection {
    pub(super) fn new(assignees: impl Iterator<Item = Assignee>) -> Self {
        Self { nodes: Some(assignees.map(Some).collect()) }
    }
}
