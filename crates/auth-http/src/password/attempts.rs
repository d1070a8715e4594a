//! Counts failed password attempts per account, from all client addresses together.
//!
//! A rate limit per address does not stop an attacker with many addresses. So an account is guarded after
//! [`limit`](PasswordAttempts::new) failures in a row, and further attempts are delayed. They are never
//! refused permanently, because then an attacker could lock any user out:
//!
//! - An address from which the account's owner has signed up or in continues without delay. Only its own
//!   failures delay it. The latest eight such addresses are known, each for 90 days.
//! - An address that has failed waits 30 s, then twice as long after each further failure, at most 15 min.
//! - All other addresses together have one attempt per second. Clients without an address are among them.
//!
//! An account is identified by the e-mail address that was entered, so a guarded account looks the same
//! whether or not it exists. An attempt counts as failed from its start until it ends in another way, so that
//! concurrent attempts cannot exceed the limit. `docs/decisions/0006-password-attempts.md` gives the reasons
//! and the remaining weaknesses.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth_core::Email;
use auth_core::wire::unix_milliseconds;
use time::OffsetDateTime;

use self::known::KnownAddresses;
use crate::web::rate_limit::TooManyRequests;
use crate::web::rate_limit::table::{BoundedTable, Entry, Fingerprint, Fingerprints};

/// Maximum number of entries in each table: accounts, pairs of account and failed address, and accounts with
/// known addresses.
const CAPACITY: usize = 100_000;
/// Age in milliseconds after which failures are forgotten.
const FORGOTTEN_AFTER: i64 = 24 * 60 * 60 * 1_000;
/// Time in milliseconds between two attempts at a guarded account by addresses that its owner has not used.
const PACE: i64 = 1_000;
/// First delay of an address that failed, in milliseconds. It doubles with each further failure.
const FIRST_DELAY: i64 = 30 * 1_000;
/// Maximum delay of an address, in milliseconds.
const LONGEST_DELAY: i64 = 15 * 60 * 1_000;
/// Number of failures without a delay for an address from which the owner has signed in.
const FORGIVEN: u32 = 10;

mod known;

/// The name that identifies an account in an attempt. Names of different kinds are always different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AccountName<'n> {
    kind: &'static str,
    name: &'n str,
}

impl<'n> AccountName<'n> {
    /// Names an account by its e-mail address. An account that has an address is always named by it, whatever
    /// the user entered. A separate count for each of its names would give an attacker more attempts.
    pub(crate) fn of_email(email: &'n Email) -> Self {
        Self::new("email", email.as_str())
    }

    /// Names the text that was entered if no account has this name, so that it is guarded like an account.
    pub(crate) fn new(kind: &'static str, name: &'n str) -> Self {
        Self { kind, name }
    }
}

/// Counts password attempts. Cheap to clone; all workers and all routes that check a password share one
///
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
    /// Time from which the next unknown address may try; zero until the account is guarded.
    next_stranger_at: i64,
    guarded_until: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Address {
    failures: u32,
    last_failure: i64,
    /// Whether the account's owner has signed in from this address, as of the last attempt.
    is_known: bool,
}

impl Entry for Account {
    fn holds(&self, now: i64) -> bool {
        now < self.guarded_until
    }
}

impl Entry for Address {
    /// A client at a known address must not be able to erase its own failures by filling the table with other
    /// failures.
    fn holds(&self, now: i64) -> bool {
        self.is_known && self.failures > 0 && now.saturating_sub(self.last_failure) < FORGOTTEN_AFTER
    }
}

/// A password attempt. It counts as a failure unless [`PasswordAttempt::succeeded`] or
/// [`PasswordAttempt::withdrawn`] is called.
#[must_use = "a try that succeeded must say so"]
#[derive(Debug)]
pub(crate) struct PasswordAttempt(Option<Begun>);

#[derive(Debug)]
struct Begun {
    inner: Arc<Inner>,
    account: Fingerprint,
    /// `None` if the client's address is unknown, because such clients cannot be told apart.
    address: Option<Fingerprint>,
    now: i64,
}

/// How an attempt ended, if it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Succeeded,
    Withdrawn,
}

impl PasswordAttempts {
    /// Guards accounts after `limit` failures in a row; zero turns this off.
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

    /// Begins an attempt at the password of an account, which may not exist. An empty `client` means that the
    /// client's address is unknown.
    ///
    /// # Errors
    ///
    /// [`TooManyRequests`] if the client has to wait. The attempt is not counted then.
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
            // `at` corrects times after the clock was set back. The corrected values must be stored.
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

    /// Records the address from which an account's owner has signed up as known.
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
    /// The password was right. The failures of this address are forgiven, and the address is known from now
    /// on. Without an address, only this attempt is forgiven.
    pub(crate) fn succeeded(self) {
        self.end(Outcome::Succeeded);
    }

    /// The password was not checked after all.
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
    /// Returns the state of an address. Clients without an address share no state.
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
    /// Returns the state that is still valid at `now`. Times that lie in the future because the clock was set
    /// back are moved to `now`.
    fn at(self, now: i64) -> Self {
        let last_failure = self.last_failure.min(now);
        if now.saturating_sub(last_failure) >= FORGOTTEN_AFTER {
            return Self::default();
        }
        Self { last_failure, next_stranger_at: self.next_stranger_at.min(now.saturating_add(PACE)), ..self }
    }

    /// Checks the delays of a guarded account. An address that the owner has not used takes the next shared
    /// turn.
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

    /// Returns how long an address has to wait after its last failure; `None` if it need not wait.
    fn delay(self) -> Option<i64> {
        if self.is_trusted() || self.failures == 0 {
            return None;
        }
        let counted = if self.is_known { self.failures - FORGIVEN + 1 } else { self.failures };
        // The maximum delay is reached much earlier. The bound keeps the shift below 63 bits, where the
        // result would be negative.
        let doublings = (counted - 1).min(16);
        Some(FIRST_DELAY.saturating_mul(1_i64 << doublings).min(LONGEST_DELAY))
    }
}

#[cfg(test)]
mod tests;
