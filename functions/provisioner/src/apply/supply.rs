//! Where the next number comes from: first the pool, then Twilio.

use tokio::sync::{Mutex, watch};
use twilify::{CompanyNumber, twilio::OwnedNumber};

use super::{Failure, Later, NotDone};
use crate::shelf::Shelf;

/// The numbers that can be given to employees in this run.
///
/// A number of the pool goes before a purchase. While one is being tried on somebody, nothing is bought: if that
/// employee's profile does not take it, the next one gets it. So of the numbers that are bought for profiles that take
/// none, no more are left over than were under way at once.
pub(super) struct Supply<'a> {
    stock: Mutex<Stock<'a>>,
    /// Told when something was given back.
    changed: watch::Sender<()>,
}

struct Stock<'a> {
    shelf: Shelf<'a>,
    pool: Vec<OwnedNumber>,
    /// How many numbers of the pool are being tried on somebody.
    on_trial: usize,
    /// How many purchases are under way.
    buying: usize,
    /// How many numbers may still be bought.
    allowed: usize,
}

/// A number for one employee. The step that draws it tells what became of it: [`Supply::tried`] for one of the pool,
/// [`Supply::bought`], [`Supply::not_bought`] or [`Supply::not_wanted`] for one that is for sale.
pub(super) enum Drawn {
    /// It is the account's, and labelled as one of the pool.
    Pooled(Box<OwnedNumber>),
    /// It has to be bought.
    ForSale(CompanyNumber),
}

impl<'a> Supply<'a> {
    /// What is on `shelf`, of which `allowed` numbers may be bought.
    pub(super) fn new(shelf: Shelf<'a>, allowed: usize) -> Self {
        let stock = Stock { shelf, pool: Vec::new(), on_trial: 0, buying: 0, allowed };
        Self { stock: Mutex::new(stock), changed: watch::Sender::new(()) }
    }

    /// The next number. Waits while somebody may give one back. That nothing is for sale is said only when all area
    /// codes were searched to the end and no candidate can come back.
    pub(super) async fn draw(&self) -> Result<Drawn, NotDone> {
        let mut changes = self.changed.subscribe();
        loop {
            let mut stock = self.stock.lock().await;
            if let Some(number) = stock.pool.pop() {
                stock.on_trial += 1;
                return Ok(Drawn::Pooled(Box::new(number)));
            }
            if stock.on_trial == 0 {
                if stock.allowed > 0
                    && let Some(number) = stock.shelf.take().await?
                {
                    stock.allowed -= 1;
                    stock.buying += 1;
                    return Ok(Drawn::ForSale(number));
                }
                if stock.buying == 0 {
                    if stock.allowed == 0 {
                        return Err(Later::NoMore.into());
                    }
                    // It is said of as many as would have got one.
                    stock.allowed -= 1;
                    return Err(Failure::SoldOut(stock.shelf.area_codes()).into());
                }
            }
            drop(stock);
            // The sender lives as long as `self`.
            let _ = changes.changed().await;
        }
    }

    /// Adds a number that waits in the pool.
    pub(super) async fn add(&self, number: OwnedNumber) {
        self.update(|stock| stock.pool.push(number)).await;
    }

    /// A number of the pool was tried on somebody; `back` if it is in the pool again.
    pub(super) async fn tried(&self, back: Option<OwnedNumber>) {
        self.update(|stock| {
            stock.on_trial -= 1;
            stock.pool.extend(back);
        })
        .await;
    }

    /// A number was bought, or may have been; `back` if it is in the pool now.
    pub(super) async fn bought(&self, back: Option<OwnedNumber>) {
        self.update(|stock| {
            stock.buying -= 1;
            stock.pool.extend(back);
        })
        .await;
    }

    /// A number was not bought, because the employee cannot have one or because somebody else was quicker. Another
    /// may be bought in its place. `back` if the next employee may have the number.
    pub(super) async fn not_wanted(&self, back: Option<CompanyNumber>) {
        self.update(|stock| stock.allowed += 1).await;
        self.not_bought(back).await;
    }

    /// A number was certainly not bought, because something failed; `back` if the next employee may have it.
    ///
    /// Only a candidate goes back for which no purchase was tried, or one that Twilio refused for reasons that have
    /// nothing to do with the number: buying a number that one owns changes it, and would take it from its employee.
    pub(super) async fn not_bought(&self, back: Option<CompanyNumber>) {
        self.update(|stock| {
            stock.buying -= 1;
            if let Some(number) = back {
                stock.shelf.put_back(number);
            }
        })
        .await;
    }

    async fn update(&self, update: impl FnOnce(&mut Stock<'a>)) {
        update(&mut *self.stock.lock().await);
        self.changed.send_replace(());
    }
}
