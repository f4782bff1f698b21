import BusProtocol
import Foundation

/// The fault runner: real programs under load, broken in every way, and one checker of what they promised.
///
/// ```
/// swift run BusProof [kill] [power] [disk] [sync] … [--cycles N] [--seed S] [--json] [--keep]
/// swift run -c release BusProof --full [--evidence FILE] [--lanes N] [--seed S]
/// ```
/// Without names all of them run. It starts itself again as publisher, worker and watcher; what each saw stands in a
/// history of its own, and is compared when the faults are over and everything has had the time to come to an end.
@main
struct BusProof {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "publisher": try await Publisher.main()
    case "worker": await ProofEngine.main()
    case "watcher": try await Watcher.main()
    case "filler": try await Filler.main()
    default: exit(try await run(arguments))
    }
  }

  private static func run(_ arguments: [String]) async throws -> Int32 {
    // One of the crew that lost its arguments must not become a runner with a crew of its own.
    guard ProcessInfo.processInfo.environment["PROOF_HISTORY"] == nil else { return 64 }
    let options: ProofOptions
    do { options = try ProofOptions(arguments) } catch {
      print("\(error)")
      return 64
    }
    Stop.onTerm()
    let reports: [JSONObject]
    if options.isFull {
      reports = try await FullRun(options).run()
      if !options.isJSON { ReportText.say(ReportText.table(reports)) }
    } else {
      reports = try await Runner(options).run { ReportText.say($0, options) }
    }
    if !options.isJSON { ReportText.say([ReportText.sum(reports, seed: options.seed)]) }
    return ReportTotal(reports).holds && !Stop.isAsked ? 0 : 1
  }
}
