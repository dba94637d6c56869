/// A measured curve: line, markers and a band.
public struct Series: Sendable {
  /// One measured place of a curve, in the values of the axes.
  public struct Sample: Sendable, Equatable {
    public var x: Double
    public var y: Double
    /// The band's lower and upper edge; both `y` where there is none.
    public var low: Double
    public var high: Double

    public init(x: Double, y: Double, low: Double, high: Double) {
      self.x = x
      self.y = y
      self.low = low
      self.high = high
    }
  }

  public var name: RichText
  public var samples: [Sample]
  public var line: LineStyle
  public var marker: Marker?

  /// - Parameter samples: in the order of x; those that are not finite are left out.
  public init(name: RichText, samples: [Sample], line: LineStyle, marker: Marker?) {
    self.name = name
    self.samples = samples.filter { [$0.x, $0.y, $0.low, $0.high].allSatisfy(\.isFinite) }
    self.line = line
    self.marker = marker
  }
}
