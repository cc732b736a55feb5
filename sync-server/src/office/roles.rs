//! What the holders of office tokens do, and what they may do by it.

use std::collections::BTreeSet;

/// What the holder of an office token does. All but the first and the last are roles that standards name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Role {
    /// Everything, in any role.
    Admin,
    /// Sends crews.
    Dispatcher,
    /// Takes in requests and complaints and sees them through.
    CustomerService,
    /// Takes calls.
    HotlineAgent,
    /// Serves at the counter.
    CounterClerk,
    /// Leads the crews, reviews and escalates.
    Supervisor,
    /// Decides on major faults and complaints.
    ServiceDirector,
    /// Inspects quality.
    Quality,
    /// Makes the products.
    Production,
    /// Audits costs.
    Finance,
    /// Sells, and passes complaints on.
    Sales,
    /// Calls customers back.
    FollowUpAgent,
    /// Hands out and takes back parts.
    Warehouse,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    const ALL: [(Role, &'static str); 14] = [
        (Role::Admin, "admin"),
        (Role::Dispatcher, "dispatcher"),
        (Role::CustomerService, "customer-service"),
        (Role::HotlineAgent, "hotline-agent"),
        (Role::CounterClerk, "counter-clerk"),
        (Role::Supervisor, "supervisor"),
        (Role::ServiceDirector, "service-director"),
        (Role::Quality, "quality"),
        (Role::Production, "production"),
        (Role::Finance, "finance"),
        (Role::Sales, "sales"),
        (Role::FollowUpAgent, "follow-up-agent"),
        (Role::Warehouse, "warehouse"),
        (Role::Auditor, "auditor"),
    ];

    /// The role's id, as standards write it.
    pub(crate) fn id(self) -> &'static str {
        Self::ALL.iter().find(|(role, _)| *role == self).map_or("auditor", |(_, id)| id)
    }

    fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == id).map(|(role, _)| *role)
    }
}

/// What is done over HTTP, as far as it is allowed or not by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Reads.
    Read,
    /// Imports requests.
    Import,
    /// Sends crews, rosters people, changes assignments.
    Assign,
    /// Opens a case.
    OpenCase,
    /// Gives a command; the standard says which role may give which.
    Command,
    /// Lets people and devices in, and shuts them out.
    Admit,
    /// Adds a pack.
    Publish,
    /// Counts vans, puts parts into them, receives old parts.
    Stock,
    /// Sets tariffs.
    Price,
    /// Whatever else there is.
    Other,
}

/// The roles of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roles(BTreeSet<Role>);

impl Roles {
    /// The role that may do everything.
    pub(crate) fn admin() -> Self {
        Self(BTreeSet::from([Role::Admin]))
    }

    /// Roles that go together. `None`: there is none, or one that stands alone has company.
    pub(crate) fn of(roles: &[Role]) -> Option<Self> {
        let roles: BTreeSet<Role> = roles.iter().copied().collect();
        let lone = [Role::Admin, Role::Auditor].iter().any(|role| roles.contains(role));
        let fits = if lone { roles.len() == 1 } else { !roles.is_empty() };
        fits.then_some(Self(roles))
    }

    /// Roles by their ids. `None` if there is one that this version does not know: whoever holds it may do nothing.
    pub(crate) fn parse(ids: &[String]) -> Option<Self> {
        let roles: Vec<Role> = ids.iter().map(|id| Role::parse(id)).collect::<Option<_>>()?;
        Self::of(&roles)
    }

    /// Ids of all roles.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|role| role.id()).collect()
    }

    /// The roles in which commands are given; none for the administrator, who acts in any.
    pub(crate) fn ids(&self) -> Vec<String> {
        if self.0.contains(&Role::Admin) {
            return Vec::new();
        }
        self.names().into_iter().map(ToOwned::to_owned).collect()
    }

    /// Whether one of the roles may do something.
    pub(crate) fn may(&self, act: Act) -> bool {
        self.0.iter().any(|role| allowed(*role, act))
    }
}

fn allowed(role: Role, act: Act) -> bool {
    use Role::{
        Admin, Auditor, CounterClerk, CustomerService, Dispatcher, Finance, FollowUpAgent, HotlineAgent,
        Quality, Sales, ServiceDirector, Supervisor, Warehouse,
    };
    match (role, act) {
        (Admin, _) | (_, Act::Read) => true,
        (Auditor, _) | (_, Act::Other) => false,
        (_, Act::Command) => true,
        (_, Act::Import) => matches!(role, Dispatcher | CustomerService | Supervisor),
        (_, Act::Assign) => {
            matches!(role, Dispatcher | CustomerService | HotlineAgent | Supervisor | ServiceDirector)
        }
        (_, Act::OpenCase) => matches!(
            role,
            Dispatcher
                | CustomerService
                | HotlineAgent
                | CounterClerk
                | Supervisor
                | ServiceDirector
                | Quality
                | Sales
                | FollowUpAgent
        ),
        (_, Act::Admit) => matches!(role, Dispatcher | Supervisor),
        (_, Act::Publish) => role == Supervisor,
        (_, Act::Stock) => matches!(role, Warehouse | Supervisor),
        (_, Act::Price) => matches!(role, Finance | Supervisor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTS: [Act; 10] = [
        Act::Read,
        Act::Import,
        Act::Assign,
        Act::OpenCase,
        Act::Command,
        Act::Admit,
        Act::Publish,
        Act::Stock,
        Act::Price,
        Act::Other,
    ];

    fn owned(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn every_role_is_read_back_from_its_id() {
        for (role, id) in Role::ALL {
            assert_eq!((Role::parse(id), role.id()), (Some(role), id));
        }
    }

    #[test]
    fn roles_that_are_unknown_or_do_not_go_together_open_nothing() {
        for ids in
            [&["root"][..], &["supervisor", "root"], &["supervisor", "auditor"], &["admin", "quality"], &[]]
        {
            assert_eq!(Roles::parse(&owned(ids)), None, "{ids:?}");
        }
    }

    #[test]
    fn only_the_administrator_acts_in_any_role() {
        for (role, id) in Role::ALL {
            let roles = Roles::parse(&owned(&[id])).unwrap();
            assert_eq!(roles.ids().is_empty(), role == Role::Admin, "{id}");
            assert_eq!(ACTS.iter().all(|act| roles.may(*act)), role == Role::Admin, "{id}");
        }
    }

    #[test]
    fn an_auditor_reads_and_nothing_else() {
        let auditor = Roles::parse(&owned(&["auditor"])).unwrap();
        for act in ACTS {
            assert_eq!(auditor.may(act), act == Act::Read, "{act:?}");
        }
    }

    #[test]
    fn what_one_of_several_roles_may_do_may_be_done() {
        let both = Roles::parse(&owned(&["warehouse", "supervisor"])).unwrap();
        assert!(both.may(Act::Publish) && both.may(Act::Assign) && !both.may(Act::Other));
        assert_eq!(both.ids(), ["supervisor", "warehouse"]);
    }
}
