internal import BusProtocol

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The simulation by hand: lives through the worlds of many seeds, and says what did not hold.
///
/// ```
/// swift run BusSimulation --seeds 1000              seeds 1 to 1000
/// swift run BusSimulation --seeds 1000 --threads 2  two worlds at a time
/// swift run BusSimulation --seed 42 --steps         one seed, told step by step
/// swift run BusSimulation --seeds 50 --mutant cursorBeforeJobs
/// ```
/// A failure is made smaller and printed as a line for `KeptSeeds`.
@main
struct BusSimulation {
  static func main() throws {
    var arguments = CommandLine.arguments.dropFirst()
    var first: UInt64 = 1
    var count: UInt64 = 1
    var mutant: Mutant?
    var isTold = false
    var threads = 1
    while let word = arguments.popFirst() {
      switch word {
      case "--seeds": count = try number(arguments.popFirst(), of: word)
      case "--seed": first = try number(arguments.popFirst(), of: word)
      case "--mutant": mutant = try named(arguments.popFirst())
      case "--threads": threads = Int(clamping: try number(arguments.popFirst(), of: word))
      case "--steps": isTold = true
      default:
        throw Misuse(description: "\(word) is no option: --seeds N, --seed N, --threads N, --steps, --mutant NAME")
      }
    }
    if isTold {
      let finding = try World.live(Scenario(seed: first, mutant: mutant), isTold: true)
      for line in finding.lines { say(line) }
    }
    let begin = ContinuousClock.now
    let campaign = Campaign(seeds: first..<(first &+ max(count, 1)), mutant: mutant, threads: threads)
    let outcome = campaign.run { finding in
      if !finding.violations.isEmpty { say("seed \(finding.scenario.seed) failed: \(finding.violations[0])") }
    }
    for finding in outcome.failures.prefix(5) { try tell(finding) }
    for line in outcome.errors + outcome.tally.lines { say(line) }
    let seconds = Double((ContinuousClock.now - begin).inMicroseconds) / 1e6
    say("\(seconds) s, \(Double(outcome.tally.seeds) / seconds) seeds a second")
    if !outcome.failures.isEmpty || !outcome.errors.isEmpty { exit(1) }
  }

  /// What did not hold, and the smallest scenario that was found for it.
  private static func tell(_ finding: Finding) throws {
    say("seed \(finding.scenario.seed) failed:")
    for violation in finding.violations.prefix(5) { say("  \(violation)") }
    say("  \(try Shrinker.smallest(finding).line)")
  }

  private static func number(_ text: String?, of option: String) throws -> UInt64 {
    guard let text, let number = UInt64(text) else { throw Misuse(description: "\(option) wants a number") }
    return number
  }

  private static func named(_ text: String?) throws -> Mutant {
    guard let text, let mutant = Mutant(rawValue: text) else {
      throw Misuse(description: "--mutant is one of \(Mutant.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return mutant
  }

  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }

  private struct Misuse: Error, CustomStringConvertible { let description: String }
}
