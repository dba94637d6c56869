import Tensor

/// k-means of one class's images with the k-means++ start (Arthur and Vassilvitskii, SODA 2007).
struct Clustering {
  /// d pixels each.
  private(set) var centroids: [[Float]]
  /// For each image of the class the index of its centroid.
  private(set) var assignment: [Int]

  private static let maximumIterations = 20

  /// - Parameters:
  ///   - count: how many clusters; fewer result where images coincide.
  ///   - random: its item `item` decides the start.
  /// - Throws: `CancellationError`.
  init(_ images: ClassImages, count: Int, random: RandomStream, item: Int) throws {
    assignment = [Int](repeating: 0, count: images.count)
    centroids = try Clustering.start(images, count: min(count, images.count), random: random, item: item)
    for _ in 0..<Clustering.maximumIterations {
      let nearest = try Clustering.nearest(images, centroids).map(\.index)
      let unchanged = nearest == assignment && centroids.count > 1
      assignment = nearest
      try updateCentroids(images)
      if unchanged || centroids.count == 1 { break }
    }
    dropEmpty()
  }

  private static func start(_ images: ClassImages, count: Int, random: RandomStream, item: Int) throws -> [[Float]] {
    let draws = random.uniforms(item: item, count: count)
    var centroids = [try images.image(min(images.count - 1, Int(draws[0] * Double(images.count))))]
    var distances = try nearest(images, centroids).map(\.distance)
    for draw in draws.dropFirst() {
      var remaining = draw * distances.reduce(0, +)
      guard remaining > 0 else { break }
      var chosen = distances.count - 1
      for (position, distance) in distances.enumerated() {
        remaining -= distance
        if remaining <= 0 {
          chosen = position
          break
        }
      }
      centroids.append(try images.image(chosen))
      for (position, nearest) in try nearest(images, [centroids[centroids.count - 1]]).enumerated() {
        distances[position] = min(distances[position], nearest.distance)
      }
    }
    return centroids
  }

  /// The nearest centroid of each image and the squared distance to it.
  private static func nearest(
    _ images: ClassImages, _ centroids: [[Float]]
  ) throws -> [(index: Int, distance: Double)] {
    let d = images.dimension
    var result: [(index: Int, distance: Double)] = []
    result.reserveCapacity(images.count)
    var residual = [Float](repeating: 0, count: d)
    try images.forEachBlock { range, pixels in
      for row in 0..<range.count {
        var best = (index: 0, distance: Double.infinity)
        for (index, centroid) in centroids.enumerated() {
          let distance = subtract(centroid, from: pixels + row * d, count: d, into: &residual)
          if distance < best.distance { best = (index, distance) }
        }
        result.append(best)
      }
    }
    return result
  }

  /// Means of the assigned images; a centroid without any stays.
  private mutating func updateCentroids(_ images: ClassImages) throws {
    let d = images.dimension
    var sums = [[Double]](repeating: [Double](repeating: 0, count: d), count: centroids.count)
    var counts = [Int](repeating: 0, count: centroids.count)
    try images.forEachBlock { range, pixels in
      for (row, position) in range.enumerated() {
        let index = assignment[position]
        counts[index] += 1
        sums[index].withUnsafeMutableBufferPointer { sum in
          for pixel in 0..<d { sum[pixel] += Double(pixels[row * d + pixel]) }
        }
      }
    }
    for index in centroids.indices where counts[index] > 0 {
      centroids[index] = sums[index].map { Float($0 / Double(counts[index])) }
    }
  }

  private mutating func dropEmpty() {
    var renumbered = [Int?](repeating: nil, count: centroids.count)
    var kept: [[Float]] = []
    for index in centroids.indices where assignment.contains(index) {
      renumbered[index] = kept.count
      kept.append(centroids[index])
    }
    centroids = kept
    assignment = assignment.compactMap { renumbered[$0] }
  }
}
