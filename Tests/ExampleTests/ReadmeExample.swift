import Bus
import BusTesting
import Synchronization
import Testing

// What README.md shows, with the search engine's services as small as they can be.

func publishFromAnywhere() {
  publish("user_changed", ["id": 42])
}

struct SearchServices: Sendable {
  let users = UserTable()
  let index = SearchIndex()
  static let live = SearchServices()
}

struct UserTable: Sendable {
  func find(_ id: Int) async throws -> String { "user \(id)" }
}

final class SearchIndex: Sendable {
  let documents = Mutex<[String]>([])
  var all: [String] { documents.withLock { $0 } }
  func write(_ document: String) async throws { documents.withLock { $0.append(document) } }
}

struct IndexUser: Worker {
  let userID: Int
  var queueLock: LockKey? { LockKey(userID) }

  func work(_ run: Run<SearchServices>) async throws {
    try await run.services.index.write(run.services.users.find(userID))
  }
}

let search = Engine("search", services: SearchServices.live) {
  Subscription("user_changed") { event in IndexUser(userID: try event["id"]) }
}

/// Never called: it ends with the process. ``ExampleTests`` runs what is declared here.
func searchMain() async {
  await search.main()
}
