import Bus
import BusProtocol
import Foundation

/// The publisher that the runner starts and kills: publishes at a pace, and notes what it was told.
enum Publisher {
  /// How many events there are to one publisher's number.
  static let numberSpace: UInt64 = 1_000_000
  /// How many records of lookups there are to keep in step.
  static let keyCount: UInt64 = 20

  static func main() async throws {
    let environment = ProcessInfo.processInfo.environment
    let own = UInt64(environment["PROOF_NUMBER"] ?? "") ?? 0
    let pause = Int(environment["PROOF_PAUSE"] ?? "") ?? 10
    let padding = String(repeating: "x", count: Int(environment["PROOF_PADDING"] ?? "") ?? 0)
    let history = History()
    let client = try BusClient(BusConfiguration.fromEnvironment(service: "proof"))
    Stop.onTerm()
    await withTaskGroup { waiting in
      var number: UInt64 = 0
      while !Stop.isAsked {
        // A pause of nothing means a publisher that only carries what others left.
        if pause == 0 {
          do { try await Task.sleep(for: .milliseconds(20)) } catch { break }
          continue
        }
        number += 1
        let event = own * numberSpace + number
        publish(event, padding, client, history, &waiting)
        do { try await Task.sleep(for: .milliseconds(pause)) } catch { break }
      }
      // What is not on busd's disk by now is carried by the next one.
      waiting.cancelAll()
    }
    await client.stop()
  }

  private static func publish(
    _ event: UInt64, _ padding: String, _ client: BusClient, _ history: History, _ waiting: inout TaskGroup<Void>
  ) {
    let key = event % keyCount
    var data: JSONObject = ["event": event.jsonValue, "key": key.jsonValue]
    if !padding.isEmpty { data["padding"] = .string(padding) }
    history.write("p", event, key, History.stamp)
    let receipt = client.publish("proof", data)
    guard receipt.taker == .outbox else { return }
    history.write("k", event, History.stamp)
    waiting.addTask {
      do {
        try await receipt.stored(timeout: .seconds(600))
        history.write("a", event, History.stamp)
      } catch {
        // Not confirmed to this process: then it is not acknowledged either, and the outbox has it.
      }
    }
  }
}
