import BenchCore
import Foundation

/// Random search without gradients (Andriushchenko et al. 2020): squares of one colour, kept where another class comes nearer.
///
/// Windows and signs are drawn for each image from a stream of its own; public PyTorch versions draw one for the whole batch, so that
/// an image's result depends on its neighbours. The last row and column can be drawn too. The schedule of sizes is that of the
/// number of queries asked for, scaled from 10,000.
package struct SquareAttack: Attack {
  package let norm: AttackNorm
  package let queries: Int
  /// The share of pixels that the first squares cover.
  let initialShare = 0.8

  package init(norm: AttackNorm, queries: Int = 5000) {
    precondition(queries > 0, "an attack without queries")
    self.norm = norm
    self.queries = queries
  }

  package var record: AttackRecord {
    AttackRecord(
      id: "square-\(norm.rawValue)", restarts: 1, queries: queries,
      losses: [AttackLoss.margin.rawValue])
  }

  package func attack(
    _ images: AttackedImages, within radii: [Double], from starts: [[Float]?]
  ) throws -> [Attempt] {
    let shape = images.classifier.inputShape
    let frame =
      shape.rank == 3
      ? Frame(channels: shape[0], height: shape[1], width: shape[2])
      : Frame(channels: 1, height: 1, width: shape.count)
    var best = StrongestAttempts(images)
    let everyone = Array(0..<images.count)
    func ball(_ member: Int) -> Ball {
      Ball(norm: norm, centre: images.clean[member], radius: radii[member], range: images.range)
    }
    // What a smaller ball came to is tried, and improved where it is better than the stripes.
    try best.note(everyone.map { starts[$0].map(ball($0).project) ?? images.clean[$0] }, of: everyone, on: images)
    try best.note(everyone.map { start(images, $0, ball($0), frame) }, of: everyone, on: images)
    for query in 1..<max(2, queries) {
      let open = best.open
      guard !open.isEmpty else { break }
      let side = frame.side(share: share(query), atLeast: norm == .l2 ? 3 : 1)
      let tried = open.map { member in
        norm == .linf
          ? coloured(images, member, ball(member), frame, side, query, best.attempts[member].image)
          : moved(images, member, ball(member), frame, side, query, best.attempts[member].image)
      }
      try best.note(tried, of: open, on: images)
    }
    return best.attempts
  }

  /// Halved at these of 10,000 queries.
  private func share(_ query: Int) -> Double {
    let scaled = Int(Double(query) / Double(queries) * 10_000)
    let halvings = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000].count { scaled > $0 }
    return initialShare / Double(1 << halvings)
  }

  /// Vertical stripes of plus or minus the radius; in L2 a random direction of that length.
  private func start(_ images: AttackedImages, _ member: Int, _ ball: Ball, _ frame: Frame)
    -> [Float]
  {
    guard norm == .linf else {
      return ball.random(images, "square start", place: images.places[member])
    }
    let signs = images.random("square start").uniforms(
      item: images.places[member], count: frame.channels * frame.width)
    var image = images.clean[member]
    for channel in 0..<frame.channels {
      for row in 0..<frame.height {
        for column in 0..<frame.width {
          let sign: Float = signs[channel * frame.width + column] < 0.5 ? -1 : 1
          image[frame.index(channel, row, column)] += sign * Float(ball.radius)
        }
      }
    }
    return ball.project(image)
  }

  /// One window at plus or minus the radius in each channel.
  private func coloured(
    _ images: AttackedImages, _ member: Int, _ ball: Ball, _ frame: Frame, _ side: Side,
    _ query: Int,
    _ current: [Float]
  ) -> [Float] {
    let draws = images.random("square \(query)").uniforms(
      item: images.places[member], count: 2 + frame.channels)
    let window = frame.window(side, draws[0], draws[1])
    var image = current
    for channel in 0..<frame.channels {
      let change = Float(draws[2 + channel] < 0.5 ? -ball.radius : ball.radius)
      for index in frame.indices(channel, window) { image[index] = ball.centre[index] + change }
    }
    return ball.project(image)
  }

  /// The change of one window is taken away, and its length, with what the ball has left, given to another in the shape of
  /// hills of one sign each per channel.
  private func moved(
    _ images: AttackedImages, _ member: Int, _ ball: Ball, _ frame: Frame, _ side: Side,
    _ query: Int,
    _ current: [Float]
  ) -> [Float] {
    let draws = images.random("square \(query)").uniforms(
      item: images.places[member], count: 5 + frame.channels)
    let taken = frame.window(side, draws[0], draws[1])
    let given = frame.window(side, draws[2], draws[3])
    var change = zip(current, ball.centre).map { $0 - $1 }
    func square(_ indices: [Int]) -> Double { indices.reduce(0.0) { $0 + pow(Double(change[$1]), 2) } }
    let total = change.reduce(0.0) { $0 + Double($1) * Double($1) }
    let left = max(0, ball.radius * ball.radius - total) / Double(frame.channels)
    let hill = Hill(rows: given.rows.count, columns: given.columns.count, turned: draws[4] < 0.5)
    for channel in 0..<frame.channels {
      let (emptied, filled) = (frame.indices(channel, taken), frame.indices(channel, given))
      let budget = square(emptied) + square(filled) + left
      let sign: Double = draws[5 + channel] < 0.5 ? -1 : 1
      let before = square(filled).squareRoot()
      var added = hill.values.map { $0 * sign }
      // With what the window holds already, in its own direction.
      if before > 0 {
        for (place, index) in filled.enumerated() { added[place] += Double(change[index]) / before }
      }
      let length = added.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for index in emptied { change[index] = 0 }
      guard length > 0 else { continue }
      for (place, index) in filled.enumerated() { change[index] = Float(added[place] / length * budget.squareRoot()) }
    }
    // Clipping at the pixels' range shortens; what is over the radius by windows that overlap is scaled back.
    return ball.project(zip(ball.centre, change).map { $0 + $1 })
  }

  /// Extents of an image; where it has no rows, of one row.
  struct Frame {
    let channels, height, width: Int

    func index(_ channel: Int, _ row: Int, _ column: Int) -> Int {
      (channel * height + row) * width + column
    }

    /// Row by row.
    func indices(_ channel: Int, _ window: Window) -> [Int] {
      window.rows.flatMap { row in window.columns.map { index(channel, row, $0) } }
    }

    func side(share: Double, atLeast: Int) -> Side {
      let side = max(Int((share * Double(height) * Double(width)).squareRoot().rounded()), atLeast)
      return Side(rows: min(side, height), columns: min(side, width))
    }

    func window(_ side: Side, _ first: Double, _ second: Double) -> Window {
      func start(_ draw: Double, _ extent: Int, _ side: Int) -> Int {
        min(Int(draw * Double(extent - side + 1)), extent - side)
      }
      let (row, column) = (start(first, height, side.rows), start(second, width, side.columns))
      return Window(rows: row..<row + side.rows, columns: column..<column + side.columns)
    }
  }

  struct Side {
    let rows, columns: Int
  }

  struct Window {
    let rows, columns: Range<Int>
  }

  /// Two hills of opposite sign, side by side, each falling from its middle outwards; of unit length.
  struct Hill {
    let values: [Double]

    init(rows: Int, columns: Int, turned: Bool) {
      func height(_ position: Int, _ count: Int) -> Double {
        let middle = Double(count - 1) / 2
        return 1 / (1 + abs(Double(position) - middle))
      }
      var values: [Double] = []
      for row in 0..<rows {
        for column in 0..<columns {
          let (along, extent) = turned ? (row, rows) : (column, columns)
          let half = (extent + 1) / 2
          let isSecond = along >= half
          let count = isSecond ? extent - half : half
          let across = turned ? height(column, columns) : height(row, rows)
          values.append(
            (isSecond ? -1 : 1) * height(isSecond ? along - half : along, max(1, count)) * across)
        }
      }
      let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      self.values = length > 0 ? values.map { $0 / length } : values
    }
  }
}
