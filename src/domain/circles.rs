//! Dependency cycles: issues that wait for each other, so that none of them can start.

use std::collections::{BTreeMap, BTreeSet};

use super::ids::IssueId;

/// Finds cycles among edges from an issue to one that it waits for.
///
/// Each cycle is reported once, as the path from its smallest issue. No issue is in two reported
/// cycles: another may appear after one is broken.
pub fn circles(edges: &[(IssueId, IssueId)]) -> Vec<Vec<IssueId>> {
    let mut waits_for: BTreeMap<IssueId, Vec<IssueId>> = BTreeMap::new();
    for (waiting, blocker) in edges {
        waits_for.entry(*waiting).or_default().push(*blocker);
    }
    let mut done: BTreeSet<IssueId> = BTreeSet::new();
    let mut found = Vec::new();
    for start in waits_for.keys() {
        // The current path, each issue with the dependencies that are still to be followed.
        let mut way: Vec<(IssueId, &[IssueId])> = vec![];
        let next = |issue: IssueId| (issue, waits_for.get(&issue).map_or(&[][..], Vec::as_slice));
        if !done.contains(start) {
            way.push(next(*start));
        }
        while let Some((issue, left)) = way.last_mut() {
            let Some((blocker, rest)) = left.split_first() else {
                done.insert(*issue);
                way.pop();
                continue;
            };
            let blocker = *blocker;
            *left = rest;
            if done.contains(&blocker) {
                continue;
            }
            match way.iter().position(|(passed, _)| *passed == blocker) {
                None => way.push(next(blocker)),
                Some(at) => {
                    let mut circle: Vec<IssueId> =
                        way[at..].iter().map(|(issue, _)| *issue).collect();
                    let smallest = circle.iter().min().copied();
                    let first = circle.iter().position(|issue| Some(*issue) == smallest);
                    circle.rotate_left(first.unwrap_or_default());
                    done.extend(way.iter().map(|(issue, _)| *issue));
                    found.push(circle);
                    way.clear();
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(edges: &[(i64, i64)]) -> Vec<Vec<i64>> {
        let edges: Vec<_> = edges.iter().map(|(a, b)| (IssueId(*a), IssueId(*b))).collect();
        let numbers = |circle: Vec<IssueId>| circle.into_iter().map(|issue| issue.0).collect();
        circles(&edges).into_iter().map(numbers).collect()
    }

    #[test]
    fn each_cycle_is_reported_once_from_its_smallest_issue() {
        assert_eq!(found(&[]), [[0_i64; 0]; 0]);
        assert_eq!(found(&[(1, 2), (2, 3), (1, 3)]), [[0_i64; 0]; 0]);
        assert_eq!(found(&[(2, 1), (1, 2)]), [[1, 2]]);
        assert_eq!(found(&[(7, 5), (5, 9), (9, 7), (4, 7), (9, 8)]), [[5, 9, 7]]);
        assert_eq!(found(&[(1, 2), (2, 1), (3, 4), (4, 3)]), [[1, 2], [3, 4]]);
    }

    proptest! {
        #[test]
        fn every_reported_cycle_exists_and_every_cycle_is_reported(
            edges in prop::collection::vec((1..8_i64, 1..8_i64), 0..20)
        ) {
            let edges: Vec<_> = edges.into_iter().filter(|(a, b)| a != b).collect();
            let circles = found(&edges);
            for circle in &circles {
                for (at, issue) in circle.iter().enumerate() {
                    let next = circle[(at + 1) % circle.len()];
                    prop_assert!(edges.contains(&(*issue, next)), "{circle:?} in {edges:?}");
                }
            }
            // Without a cycle, removing issues that wait for nothing removes all.
            let mut left = edges.clone();
            loop {
                let before = left.len();
                let waiting: Vec<i64> = left.iter().map(|(waiting, _)| *waiting).collect();
                left.retain(|(_, blocker)| waiting.contains(blocker));
                if left.len() == before {
                    break;
                }
            }
            prop_assert_eq!(circles.is_empty(), left.is_empty());
        }
    }
}
