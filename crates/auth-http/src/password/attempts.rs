//! Passwords tried in vain, counted per account whatever address they come from.
//!
//! The limit per address does not stop somebody who has many addresses. So after [`limit`](PasswordAttempts::new)
//! failures in a row an account is guarded, and tries at its password are delayed; never refused for good, since then
//! anybody could lock anybody out:
//!
//! - An address from which the account's owner has signed up or in goes on as before. Only its own failures slow it
//!   down. The latest eight are known, each for 90 days.
//! - An address that failed waits 30 s, then twice as long each time, at most 15 min.
//! - All others together try once per second, clients without an address among them.
//!
//! Accounts are named by the address that was typed, so that a guarded account looks the same whether or not there is
//! one. A try counts as failed from its beginning until it turns out otherwise, so that of tries that come at once no
//! more pass than may. `docs/decisions/0006-password-attempts.md` says why it is done so, and what it leaves open.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth_core::Email;
use auth_core::wire::unix_milliseconds;
use time::OffsetDateTime;

use self::known::KnownAddresses;
use crate::web::rate_limit::TooManyRequests;
use crate::web::rate_limit::table::{BoundedTable, Entry, Fingerprint, Fingerprints};

/// Accounts, pairs of account and address that failed, and accounts with known addresses, that are remembered at once.
const CAPACITY: usize = 100_000;
/// Failures older than that are forgotten, in milliseconds.
const FORGOTTEN_AFTER: i64 = 24 * 60 * 60 * 1_000;
/// Time between two tries at a guarded account by addresses that its owner has not used, in milliseconds.
const PACE: i64 = 1_000;
/// First delay of an address that failed, in milliseconds; it doubles with each further failure.
const FIRST_DELAY: i64 = 30 * 1_000;
/// Longest delay of an address, in milliseconds.
const LONGEST_DELAY: i64 = 15 * 60 * 1_000;
/// Failures that an address is forgiven from which the owner has signed in.
const FORGIVEN: u32 = 10;

mod known;

/// The name by which an account's password is tried; names of different kinds never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AccountName<'n> {
    kind: &'static str,
    name: &'n str,
}

impl<'n> AccountName<'n> {
    /// Names an account by its e-mail address. An account that has one is always named by it, whatever its
    /// user typed: with a count for each of its names an attacker would have as many more tries.
    pub(crate) fn of_email(email: &'n Email) -> Self {
        Self::new("email", email.as_str())
    }

    /// Names what was typed where no account has that name, so that it is guarded as an account would be.
    pub(crate) fn new(kind: &'static str, name: &'n str) -> Self {
        Self { kind, name }
    }
}

/// Counts tries at passwords; cheap to clone, and one for all workers and all routes that test a password.
#[derive(Clone, Debug)]
pub(crate) struct PasswordAttempts(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    limit: u32,
    fingerprints: Fingerprints,
    tables: Mutex<Tables>,
}

#[derive(Debug)]
struct Tables {
    accounts: BoundedTable<Account>,
    addresses: BoundedTable<Address>,
    known: BoundedTable<KnownAddresses>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Account {
    failures: u32,
    last_failure: i64,
    /// Moment from which the next stranger may try; zero until the account is guarded.
    next_stranger_at: i64,
    guarded_until: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Address {
    failures: u32,
    last_failure: i64,
    /// Whether the account's owner has signed in from here, as of the last try.
    is_known: bool,
}

impl Entry for Account {
    fn holds(&self, now: i64) -> bool {
        now < self.guarded_until
    }
}

impl Entry for Address {
    /// Whoever is behind a known address must not have its failures forgotten by making others fail.
    fn holds(&self, now: i64) -> bool {
        self.is_known && self.failures > 0 && now.saturating_sub(self.last_failure) < FORGOTTEN_AFTER
    }
}

/// A try at a password, counted as a failure unless it is said to be something else.
#[must_use = "a try that succeeded must say so"]
#[derive(Debug)]
pub(crate) struct PasswordAttempt(Option<Begun>);

#[derive(Debug)]
struct Begun {
    inner: Arc<Inner>,
    account: Fingerprint,
    /// Absent where the address is not known: that is nobody's own.
    address: Option<Fingerprint>,
    now: i64,
}

/// What a try turned out to be, if not a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Succeeded,
    Withdrawn,
}

impl PasswordAttempts {
    /// Guards accounts after `limit` failures in a row; with zero, never.
    pub(crate) fn new(limit: u32) -> Self {
        Self::with_capacity(limit, CAPACITY)
    }

    fn with_capacity(limit: u32, capacity: usize) -> Self {
        Self((limit > 0).then(|| {
            let tables = Tables {
                accounts: BoundedTable::new(capacity),
                addresses: BoundedTable::new(capacity),
                known: BoundedTable::new(capacity),
            };
            Arc::new(Inner { limit, fingerprints: Fingerprints::default(), tables: Mutex::new(tables) })
        }))
    }

    /// Begins a try at the password of an account, existing or not, from a client's address; empty is unknown.
    ///
    /// # Errors
    ///
    /// [`TooManyRequests`] where it has to wait; nothing is counted then.
    pub(crate) fn begin(
        &self,
        account: AccountName<'_>,
        client: &str,
        now: OffsetDateTime,
    ) -> Result<PasswordAttempt, TooManyRequests> {
        let Some(begun) = self.named(account, client, now) else { return Ok(PasswordAttempt(None)) };
        let (inner, now) = (&*begun.inner, begun.now);
        let mut tables = inner.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let mut account = tables.accounts.get(&begun.account).copied().unwrap_or_default().at(now);
        let mut address = tables.address(&begun).at(now);
        if account.failures >= inner.limit && account.next_stranger_at == 0 {
            tracing::warn!(
                client,
                account = %begun.account,
                failures = account.failures,
                "tries at an account's password are delayed from now on"
            );
            account.next_stranger_at = now;
        }
        if account.failures >= inner.limit
            && let Err(refusal) = account.pass_guard(address, now)
        {
            // What a clock set back has changed has to stay changed.
            tables.accounts.insert(begun.account, account, now);
            if let Some(known) = begun.address.and_then(|key| tables.addresses.get_mut(&key)) {
                *known = address;
            }
            return Err(refusal);
        }
        account.failures = account.failures.saturating_add(1);
        account.last_failure = now;
        account.guarded_until =
            if account.failures >= inner.limit { now.saturating_add(FORGOTTEN_AFTER) } else { 0 };
        address.failures = address.failures.saturating_add(1);
        address.last_failure = now;
        tables.accounts.insert(begun.account, account, now);
        if let Some(key) = begun.address {
            tables.addresses.insert(key, address, now);
        }
        drop(tables);
        Ok(PasswordAttempt(Some(begun)))
    }

    /// Makes the address known from which an account's owner has signed up.
    pub(crate) fn signed_up(&self, account: AccountName<'_>, client: &str, now: OffsetDateTime) {
        let Some(begun) = self.named(account, client, now) else { return };
        let Some(address) = begun.address else { return };
        let mut tables = begun.inner.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.know(begun.account, address, begun.now);
    }

    fn named(&self, account: AccountName<'_>, client: &str, now: OffsetDateTime) -> Option<Begun> {
        let inner = self.0.as_ref()?;
        let address = (!client.is_empty()).then(|| inner.fingerprints.of(&(account, client)));
        Some(Begun {
            inner: Arc::clone(inner),
            account: inner.fingerprints.of(&account),
            address,
            now: unix_milliseconds(now),
        })
    }
}

impl PasswordAttempt {
    /// Says that the password was right: the address's failures were its owner's own, and it is known from now on.
    /// Without an address only this try was.
    pub(crate) fn succeeded(self) {
        self.end(Outcome::Succeeded);
    }

    /// Says that the password was not tested after all.
    pub(crate) fn withdrawn(self) {
        self.end(Outcome::Withdrawn);
    }

    fn end(self, outcome: Outcome) {
        let Some(begun) = self.0 else { return };
        let mut tables = begun.inner.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let mut account = tables.accounts.get(&begun.account).copied().unwrap_or_default();
        let mut address = match begun.address {
            Some(_) => tables.address(&begun),
            None => Address { failures: 1, ..Address::default() },
        };
        let forgiven = match outcome {
            Outcome::Succeeded => address.failures,
            Outcome::Withdrawn => 1,
        };
        account.failures = account.failures.saturating_sub(forgiven);
        address.failures = address.failures.saturating_sub(forgiven);
        if account.failures < begun.inner.limit {
            (account.guarded_until, account.next_stranger_at) = (0, 0);
        }
        tables.accounts.insert(begun.account, account, begun.now);
        if let Some(key) = begun.address {
            tables.addresses.insert(key, address, begun.now);
            if outcome == Outcome::Succeeded {
                tables.know(begun.account, key, begun.now);
            }
        }
    }
}

impl Tables {
    /// Gives what is remembered of an address; clients without one have nothing in common that they could answer for.
    fn address(&self, begun: &Begun) -> Address {
        let Some(key) = begun.address else { return Address::default() };
        let is_known = self.known.get(&begun.account).is_some_and(|known| known.has(key, begun.now));
        Address { is_known, ..self.addresses.get(&key).copied().unwrap_or_default() }
    }

    fn know(&mut self, account: Fingerprint, address: Fingerprint, now: i64) {
        if let Some(known) = self.known.get_mut(&account) {
            known.add(address, now);
        } else {
            self.known.insert(account, KnownAddresses::new(address, now), now);
        }
    }
}

impl Account {
    /// Gives what is still remembered at `now`; a clock that was set back makes nothing older or newer.
    fn at(self, now: i64) -> Self {
        let last_failure = self.last_failure.min(now);
        if now.saturating_sub(last_failure) >= FORGOTTEN_AFTER {
            return Self::default();
        }
        Self { last_failure, next_stranger_at: self.next_stranger_at.min(now.saturating_add(PACE)), ..self }
    }

    /// Lets an address try, and whoever its owner has not used before take its turn.
    fn pass_guard(&mut self, address: Address, now: i64) -> Result<(), TooManyRequests> {
        let own =
            address.delay().map_or(0, |delay| address.last_failure.saturating_add(delay).saturating_sub(now));
        let turn = if address.is_trusted() { 0 } else { self.next_stranger_at.saturating_sub(now) };
        if let Some(wait) = u64::try_from(own.max(turn)).ok().filter(|wait| *wait > 0) {
            return Err(TooManyRequests { wait: Duration::from_millis(wait) });
        }
        if !address.is_trusted() {
            self.next_stranger_at = now.saturating_add(PACE);
        }
        Ok(())
    }
}

impl Address {
    fn at(self, now: i64) -> Self {
        let last_failure = self.last_failure.min(now);
        if now.saturating_sub(last_failure) >= FORGOTTEN_AFTER {
            return Self { failures: 0, last_failure: 0, is_known: self.is_known };
        }
        Self { last_failure, ..self }
    }

    fn is_trusted(self) -> bool {
        self.is_known && self.failures < FORGIVEN
    }

    /// Gives how long after its last failure an address has to wait, if at all.
    fn delay(self) -> Option<i64> {
        if self.is_trusted() || self.failures == 0 {
            return None;
        }
        let counted = if self.is_known { self.failures - FORGIVEN + 1 } else { self.failures };
        // The longest is reached long before; a shift by 63 would be negative.
        let doublings = (counted - 1).min(16);
        Some(FIRST_DELAY.saturating_mul(1_i64 << doublings).min(LONGEST_DELAY))
    }
}

#[cfg(test)]
mod tests;
