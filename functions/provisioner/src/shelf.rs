//! Numbers for sale.

use std::collections::{HashSet, VecDeque};

use twilify::{
    CompanyNumber,
    twilio::{self, AreaCode},
};

use crate::Provisioner;

/// Twilio's word for an area code without numbers.
///
/// <https://www.twilio.com/docs/api/errors/21452>
const NONE_IN_AREA_CODE: u32 = 21452;

/// Numbers for sale, in the order in which they are to be bought: one search serves many purchases.
///
/// A number is put there once, whatever searches say, and comes back only if nobody has tried to buy it. To buy a
/// number that is ours already would take it from the employee who has it.
pub(crate) struct Shelf<'a> {
    provisioner: &'a Provisioner,
    numbers: VecDeque<CompanyNumber>,
    seen: HashSet<CompanyNumber>,
    /// The area codes that have not been searched to the end.
    areas: VecDeque<AreaCode>,
    /// How many numbers are needed in all.
    needed: usize,
}

impl<'a> Shelf<'a> {
    /// An empty shelf, from which `needed` numbers are wanted and none of those that are `taken`.
    pub(crate) fn new(provisioner: &'a Provisioner, needed: usize, taken: HashSet<CompanyNumber>) -> Self {
        let areas = provisioner.settings.area_codes.iter().copied().collect();
        Self { provisioner, numbers: VecDeque::new(), seen: taken, areas, needed }
    }

    /// Puts back a number that was taken and certainly not bought. It is the next one again.
    pub(crate) fn put_back(&mut self, number: CompanyNumber) {
        self.numbers.push_front(number);
    }

    /// Where it looks for numbers, like `925, 415`.
    pub(crate) fn area_codes(&self) -> String {
        let codes = self.provisioner.settings.area_codes.iter().map(ToString::to_string);
        codes.collect::<Vec<_>>().join(", ")
    }

    /// The next number, from the first area code that has one; `None` if all are sold out.
    pub(crate) async fn take(&mut self) -> Result<Option<CompanyNumber>, twilio::Error> {
        let Provisioner { account, territory, .. } = self.provisioner;
        loop {
            if let Some(number) = self.numbers.pop_front() {
                return Ok(Some(number));
            }
            let Some(&area) = self.areas.front() else { return Ok(None) };
            // Searches may still find what is ours already, so they have to find that many more.
            let count = self.needed + self.seen.len();
            let found = match account.search(territory.home, area, count).await {
                Ok(numbers) => numbers,
                Err(error) if error.code() == Some(NONE_IN_AREA_CODE) => Vec::new(),
                Err(error) => return Err(error),
            };
            self.numbers.extend(found.into_iter().filter(|number| self.seen.insert(number.clone())));
            if self.numbers.is_empty() {
                self.areas.pop_front();
            }
        }
    }
}
