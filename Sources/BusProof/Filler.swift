import Bus
import BusProtocol
import Foundation

/// Fills a bus with events that nobody subscribes to and jobs that nobody works, as fast as it may.
enum Filler {
  /// So many jobs are asked for in one message.
  private static let batch = 200

  static func main() async throws {
    let environment = ProcessInfo.processInfo.environment
    let events = Int(environment["PROOF_EVENTS"] ?? "") ?? 0
    let jobs = Int(environment["PROOF_JOBS"] ?? "") ?? 0
    let client = try BusClient(BusConfiguration.fromEnvironment(service: "filler"))
    var last: Receipt?
    for number in 0..<events { last = try await publish(number, client) }
    try await last?.stored(timeout: .seconds(900))
    let queue = QueueName(engine: try Name("filler", of: "engine"), name: try Name("default", of: "queue"))
    let worker = try Name("Later", of: "worker")
    for first in stride(from: 0, to: jobs, by: batch) {
      let wishes = (first..<min(jobs, first + batch)).map { number in
        NewJob(
          id: JobID(high: UInt64(number), low: UInt64.random(in: 1...UInt64.max)), queue: queue, worker: worker,
          inputs: ["number": number.jsonValue])
      }
      _ = try await client.enqueue(wishes, timeout: .seconds(60))
    }
    await client.stop()
  }

  /// Publishes one event, when the outbox has room for it.
  private static func publish(_ number: Int, _ client: BusClient) async throws -> Receipt {
    while true {
      let receipt = client.publish("filler", ["number": number.jsonValue, "text": "as many bytes as an event has"])
      if receipt.taker == .outbox { return receipt }
      if Stop.isAsked { throw ProofError("the filler was asked to stop") }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
