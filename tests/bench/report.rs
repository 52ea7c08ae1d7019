//! Medians, spreads and ratios, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cell::{CELLS, Cell, Contender};
use crate::measure::Sample;

/// Samples by cell, contender and round.
#[derive(Debug, Default)]
pub(crate) struct Results(BTreeMap<(&'static str, Contender), BTreeMap<u32, Sample>>);

impl Results {
    pub(crate) fn add(&mut self, cell: &Cell, contender: Contender, round: u32, sample: Sample) {
        self.0.entry((cell.name, contender)).or_default().insert(round, sample);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A table with a row for every cell and contender.
    pub(crate) fn markdown(&self) -> String {
        let mut table = String::from(
            "µs a call: median (least to most over the rounds); × is the median ratio, within a round, to the first of the cell. \
             Main-thread CPU is ThreadTime of the DevTools protocol while calls are made; left over is what it takes after the last of \
             them, to flush an exporter; + is how much both together are more than the first's, within a round.\n\n\
             | Cell | Contender | Wall | × | Main-thread CPU | × | Left over | + | Other threads' CPU |\n\
             |---|---|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for cell in &CELLS {
            for &contender in cell.contenders {
                let Some(samples) = self.0.get(&(cell.name, contender)) else { continue };
                let column = |of: fn(&Sample) -> f64| shown(samples.values().map(of).collect());
                let ratio = |of| self.ratio(cell, contender, of).map_or("".to_owned(), |x| format!("{x:.2}"));
                // A String takes everything.
                let _ = writeln!(
                    table,
                    "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                    cell.title,
                    contender.name(),
                    column(|sample| sample.wall),
                    ratio(|sample| sample.wall),
                    column(|sample| sample.main_cpu),
                    ratio(|sample| sample.main_cpu),
                    column(|sample| sample.finish_cpu),
                    self.more(cell, contender).map_or_else(String::new, shown),
                    column(|sample| sample.other_cpu),
                );
            }
        }
        table
    }

    /// The median over the rounds of the ratio to the cell's floor in the same round.
    fn ratio(&self, cell: &Cell, contender: Contender, of: fn(&Sample) -> f64) -> Option<f64> {
        let floors = self.0.get(&(cell.name, cell.floor()?))?;
        let ratios = self.0.get(&(cell.name, contender))?.iter().filter_map(|(round, sample)| {
            let floor = of(floors.get(round)?);
            (floor > 0.0).then(|| of(sample) / floor)
        });
        median(ratios.collect())
    }

    /// How much more of the main thread's time a call takes than the cell's floor, in each round.
    fn more(&self, cell: &Cell, contender: Contender) -> Option<Vec<f64>> {
        let all = |sample: &Sample| sample.main_cpu + sample.finish_cpu;
        let floors = self.0.get(&(cell.name, cell.floor()?))?;
        let samples = self.0.get(&(cell.name, contender))?.iter();
        Some(samples.filter_map(|(round, sample)| Some(all(sample) - all(floors.get(round)?))).collect())
    }

    /// Every sample, and the ratios.
    pub(crate) fn json(&self) -> Value {
        let cells = CELLS.iter().filter(|cell| self.0.keys().any(|(name, _)| *name == cell.name));
        let of_cell = |cell: &Cell| {
            let contenders = cell.contenders.iter().copied().filter_map(|contender| {
                let samples: Vec<_> = self.0.get(&(cell.name, contender))?.values().collect();
                let measured = json!({
                    "rounds": samples,
                    "wallToFirst": self.ratio(cell, contender, |sample| sample.wall),
                    "mainCpuToFirst": self.ratio(cell, contender, |sample| sample.main_cpu),
                });
                Some((contender.name().to_owned(), measured))
            });
            json!({ "title": cell.title, "contenders": Value::Object(contenders.collect()) })
        };
        let cells = cells.map(|cell| (cell.name.to_owned(), of_cell(cell))).collect();
        json!({ "unit": "microseconds a call", "cells": Value::Object(cells) })
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

pub(crate) fn shown(values: Vec<f64>) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let middle = median(values).unwrap_or_default();
    format!("{} ({} to {})", rounded(middle), rounded(least), rounded(most))
}

fn rounded(value: f64) -> String {
    if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}
