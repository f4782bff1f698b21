internal import ArgumentParser
internal import Bus
internal import BusProtocol
internal import BusSupervisor

/// `bus exec`: a worker process that runs a program for each job.
struct ExecCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Be a worker that runs a program for each job.",
    usage: "bus exec [<options>] -- <program> [<argument> ...]",
    discussion: """
      The program reads the job as one JSON object on its standard input. It is \
      done when it exits with 0; with 65 it is dead, with any other status it is \
      tried again as the queue's retry policy says. Several at once, restarted and \
      scaled: bus work --exec.

      EXAMPLE  bus exec --queue mail/default --worker SendMail -- ./send
      """)

  @Option(help: ArgumentHelp("The queue from which the jobs come.", valueName: "engine/queue"))
  var queue: String

  @Option(help: ArgumentHelp("The worker that the program is; several times for several.", valueName: "name"))
  var worker: [String]

  @Option(help: ArgumentHelp("How many jobs run at once; else BUS_CONCURRENCY, else 1.", valueName: "number"))
  var concurrency: Int?

  @Argument(help: ArgumentHelp("The program with its arguments, behind '--'.", valueName: "program"))
  var program: [String]

  @Option(help: "Where busd listens: ipc://PATH or tcp://HOST:PORT. [BUS_ENDPOINT]")
  var endpoint: String?

  func run() async throws {
    let (queue, workers) = try names()
    let definition = try EngineCrew.program(program)
    var environment = ProcessEnvironment.all
    if let endpoint { environment["BUS_ENDPOINT"] = endpoint }
    environment["BUS_CONCURRENCY"] = concurrency.map { "\($0)" } ?? environment["BUS_CONCURRENCY"] ?? "1"
    let configuration: BusConfiguration
    do { configuration = try BusConfiguration(environment: environment, service: queue.engine.text) } catch {
      throw CommandError(.configuration, error.message, where: "bus exec", help: error.help ?? "bus exec --help")
    }
    let jobProgram = JobProgram(definition, environment: environment)
    OneRun.guardProcesses(grace: definition.grace)
    await Engine(queue.engine, workers: workers, queue: queue.name, configuration: configuration) {
      await jobProgram.run(worker: $0, inputs: $1, $2)
    }.main()
  }

  private func names() throws -> (QueueName, [Name]) {
    do throws(ProtocolError) {
      var names: [Name] = []
      for word in worker { names.append(try Name(word, of: "worker")) }
      return (try QueueName(queue), names)
    } catch {
      throw CommandError(
        .usage, error.message, where: "bus exec --queue \(queue)",
        help: "bus exec --queue mail/default --worker SendMail -- ./send")
    }
  }
}
