/// Who waits for upgrades, and for which.
struct UpgradeAsker {
  let call: ControlCall
  /// The crews whose upgrades are not over yet.
  var crews: Set<Int>
}
