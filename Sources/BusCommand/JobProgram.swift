internal import Bus
internal import BusProtocol
internal import BusSupervisor

/// A program of any language that does a job: it reads the job, and its exit status says how that went.
struct JobProgram: Sendable {
  /// The status that says that the job can never be done, as sysexits(3) has it for bad data.
  static let deadStatus: Int32 = 65
  /// So long it may take to end when it is told to: then it is killed, before its run would be given up.
  static let grace: Duration = Timeout.standardGrace - .seconds(1)
  /// How many of its last lines say why it failed.
  static let wordCount = 5

  private let definition: ProcessDefinition
  private let environment: [String: String]

  init(_ definition: ProcessDefinition, environment: [String: String]) {
    self.definition = definition
    self.environment = environment
  }

  /// Runs it for one job; when the run is cancelled the program is told to end.
  func run(worker: Name, inputs: JSONObject, _ run: Run<Void>) async -> Outcome {
    let job: JSONValue = [
      "job": .string("\(run.job)"), "worker": .string(worker.text), "queue": .string("\(run.queue)"),
      "attempt": run.attempt.jsonValue, "inputs": .object(inputs),
    ]
    var definition = definition
    definition.grace = min(definition.grace, JobProgram.grace)
    definition.environment = [
      "BUS_JOB": "\(run.job)", "BUS_WORKER": worker.text, "BUS_QUEUE": "\(run.queue)", "BUS_ATTEMPT": "\(run.attempt)",
    ]
    let last = LastLines(JobProgram.wordCount)
    let end = await OneRun.run(definition, environment: environment, input: job.bytes + [UInt8(ascii: "\n")]) { line in
      last.add(line)
      run.log(line)
      do { try Output.write(lines: [line]) } catch { return }
    }
    if Task.isCancelled { return .returned }
    return JobProgram.outcome(end, words: last.text)
  }

  /// What an end says of the job.
  static func outcome(_ end: ProcessEnd, words: String) -> Outcome {
    let error = words.isEmpty ? "\(end)" : "\(end): \(words)"
    return switch end {
    case .exited(0): .done
    case .exited(deadStatus): .dead(error: error)
    case .exited, .signaled, .notStarted: .failed(error: error, retryAfter: nil)
    }
  }
}
