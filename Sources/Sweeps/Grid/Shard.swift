/// One of several equal parts of a sweep, for the tasks of a batch system's array.
package struct Shard: Sendable, Equatable, CustomStringConvertible {
  /// 1...count.
  package let index: Int
  package let count: Int

  package static let whole = Shard(index: 1, count: 1)

  private init(index: Int, count: Int) { (self.index, self.count) = (index, count) }

  /// From `i/n`, counted from 1.
  package init(_ text: String) throws(SweepError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], count >= 1, (1...count).contains(index) else {
      throw .grid("--shard \(text): expected i/n with i from 1 to n, such as 2/8 (for Slurm: --array=1-8)")
    }
    self.init(index: index, count: count)
  }

  /// Every n-th cell, so that every part has weak and strong ones: strong objectives may train longer.
  package func part(of cells: [SweepCell]) -> [SweepCell] {
    cells.enumerated().filter { $0.offset % count == index - 1 }.map(\.element)
  }

  package var description: String { "\(index)/\(count)" }
}
