import BenchCore

/// The radii that a task's images are attacked at: those that others report, and a grid around them.
package struct AttackRadii: Sendable, Equatable {
  package struct Named: Sendable, Equatable {
    package var radius: Double
    package var name: String?

    package init(radius: Double, name: String? = nil) {
      self.radius = radius
      self.name = name
    }
  }

  /// At which robust accuracy is told; ascending.
  package var reported: [Named]
  /// Along which the smallest radius is looked for: with those reported, ascending.
  package var grid: [Double]
  /// Of the paper on directions, in its unit; empty where it has none.
  package var published: [Double]
  /// Of the images: the paper's pixels lie in [-1, 1].
  package var unit: ImageUnit

  var reportedPairs: [(radius: Double, name: String?)] { reported.map { ($0.radius, $0.name) } }

  package init(reported: [Named], grid: [Double], published: [Double] = [], unit: ImageUnit = .pixels) {
    self.reported = reported.sorted { $0.radius < $1.radius }
    self.grid = Set(grid + reported.map(\.radius)).sorted()
    self.published = published
    self.unit = unit
  }

  /// - Parameters:
  ///   - task: its id; radii of others are known for some.
  ///   - pixels: of an image: the grid ends where half the diagonal of [0, 1] is reached, or half its side.
  package init(_ norm: AttackNorm, task: String, pixels: Int) {
    let root = Double(pixels).squareRoot()
    let (published, unit) = Self.published[task] ?? ([], .pixels)
    switch norm {
    case .linf:
      self.init(
        reported: Self.linf[task] ?? [],
        grid: (-1...7).map { Double(sign: .plus, exponent: $0, significand: 1) / 255 },
        published: published, unit: unit)
    case .l2:
      var grid = [0.0625]
      while grid[grid.count - 1] < root / 2, grid.count < 40 {
        grid.append(2 * grid[grid.count - 1])
      }
      self.init(reported: Self.l2[task] ?? [], grid: grid, published: published.map { $0 * root }, unit: unit)
    case .spatial: self.init(reported: [Named(radius: 1)], grid: [1])
    }
  }

  /// RobustBench's for CIFAR-10; of MNIST the customary ones.
  private static let linf: [String: [Named]] = [
    "cifar10": [Named(radius: 8.0 / 255, name: "8/255")],
    "mnist": [Named(radius: 0.3, name: "0.3")],
  ]
  private static let l2: [String: [Named]] = [
    "cifar10": [Named(radius: 0.5, name: "0.5")], "mnist": [Named(radius: 2, name: "2")],
  ]
  /// Table of its test command lines, Linf; those of L2 are these times the root of the number of pixels.
  private static let published: [String: (grid: [Double], unit: ImageUnit)] = [
    "cifar10": ([0.001, 0.003, 0.006, 0.01, 0.02, 0.03, 0.05, 0.08, 0.15, 0.3, 0.6], .pixels),
    "mnist": (digits, .pixels), "mnist-3-5": (digits, .pixels),
    "sphere": ([0.0005, 0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.02], .coordinates),
    "square": (squares, .pixels), "square32": (squares, .pixels),
  ]
  private static let digits = [0.02, 0.04, 0.06, 0.1, 0.14, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4]
  private static let squares = [0.002, 0.006, 0.02, 0.04, 0.06, 0.1, 0.14, 0.2, 0.4, 0.6, 0.8, 1, 1.2]
}
