import Bus

#if canImport(Glibc)
  @preconcurrency import Glibc
#else
  @preconcurrency import Darwin
#endif

/// The program that the end-to-end tests start and kill.
///
/// ```
/// fixture engine            run the engine "fixture"; what its workers do is written to FIXTURE_LOG, a line each
/// fixture publish COUNT     publish COUNT events "noted" and end by SIGKILL the moment the last call returned
/// fixture idle              connect, and wait
/// ```
@main
struct Fixture {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case "engine", "--bus-describe": await engine.main()
    case "publish": try await publishAndDie(Int(arguments.last ?? "") ?? 0)
    default: exit(64)
    }
  }

  static let engine = Engine("fixture", services: Evidence()) {
    Subscription("noted") { event in Note(key: try event["key"]) }
    Subscription("counted") { event in Count(number: try event["number"]) }
    Workers(Hold.self, Deaf.self, Twice.self, Slow.self, Grown.self, Failing.self, Stuck.self, Report.self)
  }

  private static func publishAndDie(_ count: Int) async throws {
    let client = try BusClient(BusConfiguration.fromEnvironment(service: "fixture"))
    for number in 1...max(1, count) { client.publish("noted", ["key": number.jsonValue]) }
    kill(getpid(), SIGKILL)
  }
}

/// Lines that outlive the process: one write(2) each, appended.
struct Evidence: Sendable {
  private let descriptor: Int32
  let directory: String

  init() {
    directory = getenv("FIXTURE_DIR").map { String(cString: $0) } ?? "."
    descriptor = open("\(directory)/evidence", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
  }

  func write(_ line: String) {
    let text = "\(line) \(getpid()) \(Evidence.milliseconds)\n"
    _ = Glibc.write(descriptor, text, text.utf8.count)
  }

  static var milliseconds: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}

/// Writes that it ran; one waiting per key.
struct Note: Worker {
  let key: Int
  var queueLock: LockKey? { LockKey(key) }
  func work(_ run: Run<Evidence>) async throws { run.services.write("note \(key)") }
}

/// Writes that it ran; never merged.
struct Count: Worker {
  let number: Int
  func work(_ run: Run<Evidence>) async throws { run.services.write("count \(number) \(run.attempt)") }
}

/// Runs until a file appears, one waiting per key.
struct Hold: Worker {
  let key: Int
  var queueLock: LockKey? { LockKey(key) }
  var workerLock: LockKey? { LockKey(key) }

  func work(_ run: Run<Evidence>) async throws {
    run.services.write("held \(key) \(run.attempt)")
    while access("\(run.services.directory)/release-\(key)", F_OK) != 0 { try await Task.sleep(for: .milliseconds(10)) }
    run.services.write("released \(key) \(run.attempt)")
  }
}

/// Runs until a file appears, whoever asks it to stop.
struct Deaf: Worker {
  let key: Int

  func work(_ run: Run<Evidence>) async throws {
    run.services.write("deaf \(key)")
    while access("\(run.services.directory)/release-\(key)", F_OK) != 0 { usleep(10_000) }
    run.services.write("heard \(key)")
  }
}

/// The same, with a time that is soon over.
struct Stuck: Worker {
  static var timeout: Timeout? { Timeout(.milliseconds(200), grace: .milliseconds(200)) }
  static var retry: RetryPolicy? { RetryPolicy(base: .milliseconds(10), jitter: .none) }
  let key: Int

  func work(_ run: Run<Evidence>) async throws {
    run.services.write("stuck \(key) \(run.attempt)")
    while access("\(run.services.directory)/release-\(key)", F_OK) != 0 { usleep(10_000) }
    run.services.write("loose \(key) \(run.attempt) \(run.isLeaseLost)")
  }
}

/// Answers with twice its number; without a number it has no answer.
struct Twice: Worker {
  let number: Int
  var queueLock: LockKey? { LockKey(number) }

  func work(_ run: Run<Evidence>) async throws {
    run.services.write("twice \(number)")
    if number < 0 { throw GiveUp("no negative ones") }
    if number > 0 { try run.answer(["twice": 2 * number]) }
  }
}

/// Tells how it goes on, and answers when a file appears.
struct Report: Worker {
  let key: Int
  var queueLock: LockKey? { LockKey(key) }

  func work(_ run: Run<Evidence>) async throws {
    run.services.write("report \(key) \(run.attempt)")
    run.progress(1, of: 2, "reading")
    run.log("read the first half")
    try run.send(["row": 1])
    while access("\(run.services.directory)/release-\(key)", F_OK) != 0 { try await Task.sleep(for: .milliseconds(10)) }
    run.logger.notice("read all")
    try run.send(["row": 2])
    run.progress(2, of: 2)
    try run.answer(["rows": 2])
  }
}

/// Takes its time, one running per key.
struct Slow: Worker {
  let key: Int
  let number: Int
  let milliseconds: Int
  var workerLock: LockKey? { LockKey(key) }

  func work(_ run: Run<Evidence>) async throws {
    run.services.write("start \(number)")
    try await Task.sleep(for: .milliseconds(milliseconds))
    run.services.write("end \(number)")
  }
}

/// Got one more input than its first version had.
struct Grown: Worker {
  static var defaults: JSONObject { ["size": "medium"] }
  let key: Int
  let size: String
  func work(_ run: Run<Evidence>) async throws { run.services.write("grown \(key) \(size)") }
}

/// Never succeeds.
struct Failing: Worker {
  static var retry: RetryPolicy? { RetryPolicy(attempts: 2, base: .milliseconds(10), jitter: .none) }
  let key: Int
  func work(_ run: Run<Evidence>) async throws { throw Refused() }
  struct Refused: Error, CustomStringConvertible { var description: String { "refused for the test" } }
}
