/// How much memory the deflated entries of one archive may take together.
///
/// Trained weights hardly compress, so an archive that expands to many times its size is a bomb or not a checkpoint:
/// 16 times is accepted, 256 MiB in any case, and never more than 2 GiB.
struct InflationBudget: Sendable {
  let limit: Int
  private(set) var used = 0

  init(limit: Int) {
    self.limit = limit
  }

  init(archiveBytes: Int) {
    let (sixteenfold, overflow) = archiveBytes.multipliedReportingOverflow(by: 16)
    self.init(limit: overflow ? 1 << 31 : min(max(sixteenfold, 1 << 28), 1 << 31))
  }

  /// Takes `bytes` from what is left; returns whether there was as much.
  mutating func spend(_ bytes: Int) -> Bool {
    guard bytes <= limit - used else { return false }
    used += bytes
    return true
  }
}
