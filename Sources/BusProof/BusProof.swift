internal import ArgumentParser
import BusProtocol
import Foundation

/// Where the program begins: as the runner of faults, or as one of the crew that it starts.
@main
enum BusProof {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "publisher": try await Publisher.main()
    case "worker": await ProofEngine.main()
    case "watcher": try await Watcher.main()
    case "filler": try await Filler.main()
    default:
      // One of the crew that lost its arguments must not become a runner with a crew of its own.
      guard ProcessInfo.processInfo.environment["PROOF_HISTORY"] == nil else { exit(64) }
      await ProofCommand.main(arguments)
    }
  }
}

/// The fault runner: real programs under load, broken in every way, and one checker of what they promised.
///
/// It starts itself again as publisher, worker and watcher; what each saw stands in a history of its own, and is
/// compared when the faults are over and everything has had the time to come to an end.
struct ProofCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "BusProof", abstract: "Break the real programs, and check what they promised.",
    usage: "BusProof [<options>] [<fault> ...]",
    discussion: """
      Publishers, busd, workers and watchers run under load while they are killed, \
      stopped, cut off and starved; then their histories are compared with what is on \
      the disk. What a machine lacks is skipped and counted. What broke something \
      leaves its directory in /tmp.

      EXAMPLE  swift run BusProof kill power --cycles 20

      EXIT STATUS  0 everything held, 1 something did not, 64 usage
      """)

  @OptionGroup var options: ProofOptions

  func run() async throws {
    Stop.onTerm()
    let reports: [JSONObject]
    if options.isFull {
      reports = try await FullRun(options).run()
      if !options.isJSON { ReportText.say(ReportText.table(reports)) }
    } else {
      reports = try await Runner(options).run { ReportText.say($0, options) }
    }
    if !options.isJSON { ReportText.say([ReportText.sum(reports, seed: options.seed)]) }
    guard ReportTotal(reports).holds, !Stop.isAsked else { throw ExitCode.failure }
  }
}
