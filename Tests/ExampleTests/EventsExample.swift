import Bus

// What the article "Events" shows.

struct UserChanged: BusEvent {
  static let topic: Topic = "user_changed"
  let id: Int
}

enum EventsExample {
  static func publishing(_ bus: BusClient) async throws {
    publish("user_changed", ["id": 42])
    bus.publish("user_changed", ["id": 42])
    let receipt = bus.publish(UserChanged(id: 42))
    try await receipt.stored()
  }

  static func publishingLater(_ bus: BusClient) async throws {
    let id = try await bus.publish("trial_ended", ["id": 42], in: .seconds(86_400))
    try await bus.withdraw([id])
  }

  static func publishingInContext() {
    BusContext.with(["tenant": 7]) {
      publish("user_changed", ["id": 42])
    }
  }

  static func listening(_ bus: BusClient) async throws {
    for try await event in bus.events(["user_*"], from: .now) {
      print(event.offset, event.topic, event.id)
    }
  }
}
