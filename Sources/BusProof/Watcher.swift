import Bus
import BusProtocol

/// A live listener that the runner starts, freezes and kills: notes each event, and each gap that it is told of.
enum Watcher {
  static func main() async throws {
    let history = History()
    let client = try BusClient(BusConfiguration.fromEnvironment(service: "watch"))
    let events = client.events(["proof"], from: .now) { missing in
      history.write("m", missing.lowerBound, missing.upperBound, History.stamp)
    }
    for try await event in events {
      history.write("w", event.sequence, try event["event"], History.stamp)
    }
  }
}
