import Graph

/// How the images of a call are divided among passes through the network.
///
/// There are programs for powers of two, and a pass of fewer images costs what a full one does: 33 images are a pass of 32 and one of
/// 1, not one of 64. A pass also costs what reading the weights takes, however few its images are (ResNet-18: 13 ms for one, 128 ms for 64;
/// ResNet-20: 0.2 and 14 ms), so up to a quarter of a pass may be empty.
enum ImagePasses {
  /// - Parameters:
  ///   - largest: images of a pass at most.
  ///   - threads: among which the images are divided evenly.
  /// - Returns: the large passes first, so that the small ones fill what time is left.
  static func ranges(of count: Int, largest: Int, threads: Int) -> [Range<Int>] {
    let share = threads > 1 ? max(smallestShare, (count - 1) / threads + 1) : max(1, count)
    var ranges: [Range<Int>] = []
    for start in stride(from: 0, to: count, by: share) {
      let end = start + min(share, count - start)
      var first = start
      while first < end {
        let size = min(size(for: end - first, atMost: largest), end - first)
        ranges.append(first..<first + size)
        first += size
      }
    }
    return ranges.sorted { $0.count != $1.count ? $0.count > $1.count : $0.lowerBound < $1.lowerBound }
  }

  /// Images of a thread, where there are so many: fewer would make it read the weights more often than the others save.
  private static let smallestShare = 4

  /// The images of the next pass: a power of two, `largest`, or all that are left.
  private static func size(for images: Int, atMost largest: Int) -> Int {
    guard images < largest else { return largest }
    let size = program(for: images)
    return size <= largest && (size - images) * 4 <= size ? size : size / 2
  }

  /// Images of a pass at most, by the graph of one image: a pass reads all weights once, and its maps leave the cache where it has many images. Where
  /// there are few weights beside the maps, small passes are faster: ResNet-20's gradient takes 0.38 ms an image in passes of 4 and 0.42 in passes of
  /// 8, ResNet-18's 4.9 in passes of 8 and 4.1 in passes of 64. Any number where nothing is multiplied.
  static func suitable(for graph: Graph) -> Int {
    var (weights, maps) = (0, 0)
    for value in graph.values {
      switch graph[value].source {
      case .constant(let tensor): weights += tensor.shape.count
      case .apply(let operation, _):
        if operation is Conv2D || operation is MatrixProduct { maps += graph.shape(of: value).count }
      case .input: break
      }
    }
    return maps == 0 ? .max : max(smallestSuitable, program(for: 2 * weights / maps))
  }

  /// Fewer make too much of starting.
  static let smallestSuitable = 4

  /// The images of the smallest program for so many: the next power of two.
  static func program(for images: Int) -> Int {
    var size = 1
    while size < images { size *= 2 }
    return size
  }
}
