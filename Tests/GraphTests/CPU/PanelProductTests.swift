import Testing

@testable import CPU

/// Products by panels of the right matrix.
@Suite struct PanelProductTests {
  /// Short sums and wide rows, as of an outer product, do not ask for memory by the million.
  @Test(arguments: [(1, 1001), (4, 1001), (1, 100_001), (3072, 17), (768, 3072)])
  func scratchMemoryIsBounded(_ inner: Int, _ columns: Int) {
    let product = PanelProduct(inner: inner, columns: columns)
    #expect(product.scratchCount <= (1 << 17) + 6 * (inner + columns + 16))
  }
}
