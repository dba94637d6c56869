/// A measured curve: line, markers and a band.
package struct Series: Sendable {
  /// One measured place of a curve, in the values of the axes.
  package struct Sample: Sendable, Equatable {
    package var x: Double
    package var y: Double
    /// The band's lower and upper edge; both `y` where there is none.
    package var low: Double
    package var high: Double

    package init(x: Double, y: Double, low: Double, high: Double) {
      self.x = x
      self.y = y
      self.low = low
      self.high = high
    }
  }

  package var name: RichText
  package var samples: [Sample]
  package var line: LineStyle
  package var marker: Marker?

  /// - Parameter samples: in the order of x; those that are not finite are left out.
  package init(name: RichText, samples: [Sample], line: LineStyle, marker: Marker?) {
    self.name = name
    self.samples = samples.filter { [$0.x, $0.y, $0.low, $0.high].allSatisfy(\.isFinite) }
    self.line = line
    self.marker = marker
  }
}
