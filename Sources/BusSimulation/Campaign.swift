internal import Foundation
internal import Synchronization

/// Many worlds, lived through by some threads: each takes the next seed.
struct Campaign: Sendable {
  var seeds: Range<UInt64>
  var mutant: Mutant?
  /// How many worlds are lived through at a time.
  var threads = 1
  /// Ends at the first failure.
  var stopsAtFailure = false
  /// Begins no further world then.
  var deadline: ContinuousClock.Instant?

  /// What became of them.
  struct Outcome: Sendable {
    var tally = Tally()
    /// The findings that broke something, by seed.
    var failures: [Finding] = []
    /// Why a world could not be lived through at all.
    var errors: [String] = []
  }

  /// Lives through all; blocks for as long as that takes. `heard` is told of each world, by one thread at a time.
  func run(heard: @escaping @Sendable (Finding) -> Void = { _ in }) -> Outcome {
    let next = Atomic<UInt64>(seeds.lowerBound)
    let outcome = Mutex(Outcome())
    let live: @Sendable () -> Void = {
      while goesOn(outcome.withLock { $0.failures.count + $0.errors.count }) {
        let seed = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard seeds.contains(seed) else { return }
        let result = Result { try World.live(Scenario(seed: seed, mutant: mutant)) }
        outcome.withLock { outcome in
          switch result {
          case .success(let finding):
            outcome.tally.add(finding)
            if !finding.violations.isEmpty { outcome.failures.append(finding) }
            heard(finding)
          case .failure(let error): outcome.errors.append("seed \(seed): \(error)")
          }
        }
      }
    }
    // Threads of their own: those of the pool are for who waits.
    let others = DispatchGroup()
    for _ in 1..<max(threads, 1) {
      others.enter()
      Thread.detachNewThread {
        live()
        others.leave()
      }
    }
    live()
    others.wait()
    return outcome.withLock { outcome in
      outcome.failures.sort { $0.scenario.seed < $1.scenario.seed }
      return outcome
    }
  }

  private func goesOn(_ failureCount: Int) -> Bool {
    if stopsAtFailure, failureCount > 0 { return false }
    return deadline.map { ContinuousClock.now < $0 } ?? true
  }
}
