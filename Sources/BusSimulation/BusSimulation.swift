internal import ArgumentParser
internal import BusProtocol

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The simulation by hand: lives through the worlds of many seeds, and says what did not hold.
@main
struct BusSimulation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "BusSimulation", abstract: "Live through whole buses, each from a seed, and say what did not hold.",
    usage: "BusSimulation [<options>]",
    discussion: """
      Publishers, busd, subscribers and workers in one thread, with a clock, a disk and \
      a network of their own, broken as the seed says; then the faults end, and \
      everything must drain. A failure is made smaller, and printed as a line for \
      KeptSeeds.

      EXAMPLE  swift run -c release BusSimulation --seeds 1000 --threads 2
               swift run BusSimulation --seed 42 --steps

      EXIT STATUS  0 everything held, 1 something did not, 64 usage
      """)

  @Option(help: "The first seed.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("How many seeds, from the first one on.", valueName: "count"))
  var seeds: UInt64 = 1

  @Option(help: ArgumentHelp("How many worlds beside each other.", valueName: "count"))
  var threads = 1

  @Flag(help: "Tell the first seed's world step by step.")
  var steps = false

  @Option(help: ArgumentHelp("A mistake that is built in, to be found.", valueName: "name"))
  var mutant: Mutant?

  private var range: Range<UInt64> { seed..<seed + seeds }

  func validate() throws {
    guard seeds >= 1, !seed.addingReportingOverflow(seeds).overflow else {
      throw ValidationError("--seed \(seed) --seeds \(seeds): at least one, and the last is at most \(UInt64.max - 1)")
    }
    guard (1...256).contains(threads) else { throw ValidationError("--threads \(threads): it is 1 to 256") }
  }

  func run() throws {
    if steps {
      let finding = try World.live(Scenario(seed: seed, mutant: mutant), isTold: true)
      for line in finding.lines { BusSimulation.say(line) }
    }
    let begin = ContinuousClock.now
    let outcome = Campaign(seeds: range, mutant: mutant, threads: threads).run { finding in
      guard let first = finding.violations.first else { return }
      BusSimulation.say("seed \(finding.scenario.seed) failed: \(first)")
    }
    for finding in outcome.failures.prefix(5) { try BusSimulation.tell(finding) }
    for line in outcome.errors + outcome.tally.lines { BusSimulation.say(line) }
    let seconds = Double((ContinuousClock.now - begin).inMicroseconds) / 1e6
    BusSimulation.say("\(seconds) s, \(Double(outcome.tally.seeds) / seconds) seeds a second")
    guard outcome.failures.isEmpty, outcome.errors.isEmpty else { throw ExitCode.failure }
  }

  /// What did not hold, and the smallest scenario that was found for it.
  private static func tell(_ finding: Finding) throws {
    say("seed \(finding.scenario.seed) failed:")
    for violation in finding.violations.prefix(5) { say("  \(violation)") }
    say("  \(try Shrinker.smallest(finding).line)")
  }

  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }
}

extension Mutant: ExpressibleByArgument {}
