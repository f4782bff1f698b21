import Bus
import Testing

// What the article "Getting started" shows.

struct Greet: Worker {
  let name: String
  func work(_ run: Run<Void>) async throws { run.logger.notice("hello \(name)") }
}

/// In the article it is the program's `@main`; a test bundle has its own.
struct Hello {
  static func main() async {
    await Engine("hello") {
      Subscription("user_created") { event in Greet(name: try event["name"]) }
    }.main()
  }
}
