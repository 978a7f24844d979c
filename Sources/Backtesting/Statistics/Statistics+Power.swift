#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Statistics {
    /// pow(3).
    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
