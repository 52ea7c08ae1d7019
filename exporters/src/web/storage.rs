//! The durable queue's place in IndexedDB.
//!
//! A transaction is begun, filled and committed before anything is waited for, so that it is on its way before a page
//! that leaves is gone.

use std::cell::RefCell;

use indexed_db_futures::OpenDbResult;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::{DomException, Error};
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::{Transaction, TransactionMode};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::durable::{Key, Plan};

/// The database. Its version goes up with what is stored in it.
const DATABASE: &str = "atelier-otlp";
const VERSION: u32 = 1;
const STORE: &str = "batches";

type Result<T> = indexed_db_futures::Result<T>;

/// An open database.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    database: Database,
}

/// What was found, and what changed hands.
#[derive(Debug, Default)]
pub(super) struct TakenOver {
    /// Each with its body, under its new key.
    pub(super) adopted: Vec<(Key, Vec<u8>)>,
    /// What was thrown away, and why.
    pub(super) discarded: Vec<(Key, &'static str)>,
    /// How many entries nobody could read.
    pub(super) broken: usize,
    /// When to look again, in milliseconds since the epoch.
    pub(super) again_ms: Option<u64>,
}

thread_local! {
    /// The page's connection, for all its exporters.
    static OPEN: RefCell<Option<Storage>> = const { RefCell::new(None) };
}

/// Does something with the page's connection, which is opened where there is none, or where it was closed meanwhile.
pub(super) async fn with<T>(act: impl AsyncFn(&Storage) -> Result<T>) -> std::result::Result<T, String> {
    let open = OPEN.with_borrow(Clone::clone);
    if let Some(storage) = open {
        match act(&storage).await {
            Err(Error::DomException(DomException::InvalidStateError(_))) => {
                OPEN.set(None);
            }
            result => return result.map_err(said),
        }
    }
    let storage = Storage::open().await.map_err(|error| error.to_string())?;
    OPEN.set(Some(storage.clone()));
    act(&storage).await.map_err(said)
}

fn said(error: Error) -> String {
    match &error {
        // What it is called says more than what it is: "QuotaExceededError".
        Error::DomException(exception) => {
            let exception: web_sys::DomException = exception.clone().into();
            format!("{}: {}", exception.name(), exception.message())
        }
        // A transaction is aborted without an error of a request of its own when there is no room for it.
        Error::MissingData(_) => {
            "the browser aborted the transaction; is the site's storage full?".to_owned()
        }
        _ => error.to_string(),
    }
}

impl Storage {
    async fn open() -> OpenDbResult<Storage> {
        let database = Database::open(DATABASE)
            .with_version(VERSION)
            .with_on_upgrade_needed(|_, database| {
                database.create_object_store(STORE).build()?;
                Ok(())
            })
            .await?;
        if let Ok(mut changes) = database.version_changes() {
            let database = database.clone();
            spawn_local(async move {
                // Another tab has a newer version of the library, or deletes the database: it is not kept waiting.
                if changes.recv().await.is_some() {
                    database.close();
                }
            });
        }
        Ok(Storage { database })
    }

    fn begin(&self) -> Result<Transaction<'_>> {
        self.database.transaction(STORE).with_mode(TransactionMode::Readwrite).build()
    }

    /// Stores a body.
    pub(super) async fn put(&self, key: &Key, body: &[u8]) -> Result<()> {
        let transaction = self.begin()?;
        let store = transaction.object_store(STORE)?;
        store.put(JsValue::from(Uint8Array::from(body))).with_key(key.to_string()).primitive()?;
        drop(store);
        transaction.commit().await
    }

    /// Deletes what is stored under these keys, as far as there is something.
    pub(super) async fn delete(&self, keys: &[Key]) -> Result<()> {
        let transaction = self.begin()?;
        let store = transaction.object_store(STORE)?;
        for key in keys {
            store.delete(key.to_string()).primitive()?;
        }
        drop(store);
        transaction.commit().await
    }

    /// All keys that are texts.
    pub(super) async fn keys(&self) -> Result<Vec<String>> {
        let transaction = self.database.transaction(STORE).with_mode(TransactionMode::Readonly).build()?;
        let store = transaction.object_store(STORE)?;
        let keys = store.get_all_keys::<JsValue>().primitive()?.await?;
        Ok(keys.filter_map(|key| key.ok()?.as_string()).collect())
    }

    /// Carries out what `judge` makes of the keys, in one transaction; what is adopted gets its new key from `rename`.
    pub(super) async fn take_over(
        &self,
        judge: impl FnOnce(Vec<String>) -> Plan,
        mut rename: impl FnMut(Key) -> Key,
    ) -> Result<TakenOver> {
        let transaction = self.begin()?;
        let store = transaction.object_store(STORE)?;
        let (mut texts, mut odd) = (Vec::new(), Vec::new());
        for key in store.get_all_keys::<JsValue>().primitive()?.await?.flatten() {
            match key.as_string() {
                Some(text) => texts.push(text),
                None => odd.push(key),
            }
        }
        let plan = judge(texts);
        let mut taken = TakenOver { again_ms: plan.again_ms, ..TakenOver::default() };
        odd.extend(plan.broken.iter().map(JsValue::from));
        for key in plan.adopt {
            let old = JsValue::from(key.to_string());
            let body: Option<JsValue> = store.get(old.clone()).primitive()?.await?;
            let body = body
                .and_then(|body| body.dyn_into::<Uint8Array>().ok())
                .filter(|body| u64::from(body.length()) == key.bytes);
            let Some(body) = body else {
                odd.push(old);
                continue;
            };
            let key = rename(key);
            store.put(JsValue::from(&body)).with_key(key.to_string()).primitive()?;
            store.delete(old).primitive()?;
            taken.adopted.push((key, body.to_vec()));
        }
        for (key, _) in &plan.discard {
            store.delete(key.to_string()).primitive()?;
        }
        taken.broken = odd.len();
        for key in odd {
            store.delete(key).primitive()?;
        }
        taken.discarded = plan.discard;
        drop(store);
        transaction.commit().await?;
        Ok(taken)
    }
}
