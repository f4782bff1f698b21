internal import Bus

/// Finds the city of a user's postal code. Essential to the account engine, so it is enqueued, not subscribed to.
struct Geocode: Worker {
  let userID: Int
  var queueLock: LockKey? { LockKey(userID) }

  func isNeeded(_ run: Run<AccountServices>) async throws -> Bool { try run.services.users.exists(userID) }

  func work(_ run: Run<AccountServices>) async throws {
    guard let user = try run.services.users.find(userID) else { return }
    try run.services.users.setCity(Cities.city(of: user.postalCode), ofUser: userID, at: user.postalCode)
    publish("user_changed", ["id": userID.jsonValue])
  }
}

/// What the account engine's workers need.
struct AccountServices: Sendable {
  let users: Users
}

/// The engine that owns the users.
let accountEngine = Engine("account", services: AccountServices(users: try Users())) {
  Workers(Geocode.self)
}

/// The part of the account engine that answers people: it changes the truth, says so, and never waits for the work.
struct AccountService {
  /// Applies the changes of a file, one by one, each published the moment it is true.
  func apply(changesIn file: String) async throws {
    let users = try Users()
    let bus = try BusClient(BusConfiguration.fromEnvironment(service: "account"))
    try await bus.whileRunning {
      var moved: Set<Int> = []
      for change in try ChangeFile.read(file) {
        if try users.apply(change) { moved.insert(change.id) }
        bus.publish("user_changed", ["id": change.id.jsonValue])
      }
      for id in moved.sorted() { try await bus.enqueue(Geocode(userID: id), engine: "account") }
    }
  }
}

/// The cities of the demonstration's postal codes.
enum Cities {
  private static let names = ["Lyon", "Paris", "Lille", "Nantes", "Nice", "Brest", "Dijon", "Tours", "Metz", "Caen"]

  /// The first digit decides, as it does for a region.
  static func city(of postalCode: String) -> String {
    names[Int(postalCode.prefix(1)) ?? 0]
  }
}
