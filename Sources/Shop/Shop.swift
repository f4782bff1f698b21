internal import Bus

/// The worked example: a shop of three engines that know each other only through events.
///
/// ```
/// shop account            run the account engine (so for search and billing)
/// shop apply FILE         be the account service: apply a file of changes to the users, publishing each
/// shop invoice COUNT      be the billing service: write invoices and have each charged a little later
/// shop data FILE          write the file of changes that the demonstration reads
/// shop check              hold what the workers made against the truth; exits 1 when they differ
/// ```
@main
struct Shop {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    switch (arguments.first, arguments.dropFirst().first) {
    case ("account", _): await accountEngine.main()
    case ("search", _): await searchEngine.main()
    case ("billing", _): await billingEngine.main()
    case ("apply", let file?): try await AccountService().apply(changesIn: file)
    case ("invoice", let count?): try await BillingService().write(invoices: Int(count) ?? 0)
    case ("data", let file?): try ChangeFile.write(to: file)
    case ("check", nil): try Check().run()
    default:
      Terminal.say("usage: shop account|search|billing | apply FILE | invoice COUNT | data FILE | check")
      Terminal.exit(64)
    }
  }
}
