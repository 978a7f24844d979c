import Testing
import TradingModel

@testable import MarketData

@Suite struct CSVNumberTests {
    private func parse(_ text: String, mark: UInt8 = 0x2E) -> Int64 {
        Array(text.utf8).withUnsafeBufferPointer { CSVNumber.decimal($0, mark: mark) }
    }

    @Test(arguments: [
        ("1", 100_000_000, 0), ("1.50", 150_000_000, 1), ("-0.00000001", -1, 8), ("+2.25", 225_000_000, 2),
        ("1e-05", 1000, 5), ("1.5E3", 150_000_000_000, 0), ("0.000000010000", 1, 8), (".5", 50_000_000, 1),
        ("5.", 500_000_000, 0),
        ("92233720368.54775807", Int64.max, 8), ("123456789012", CSVNumber.invalid, 0),
        ("1.000000000", 100_000_000, 0),
        ("", CSVNumber.invalid, 0), ("1.2.3", CSVNumber.invalid, 0), ("1e-9", CSVNumber.invalid, 0),
        ("1e", CSVNumber.invalid, 0),
        ("--1", CSVNumber.invalid, 0), ("0x10", CSVNumber.invalid, 0), ("1,5", CSVNumber.invalid, 0),
    ])
    func decimalTextIsExactOrRefused(text: String, value: Int64, decimals: Int) {
        #expect(parse(text) == value)
        if value != CSVNumber.invalid { #expect(CSVNumber.significantDecimals(of: value) == decimals) }
    }

    @Test func decimalCommaTakesThePlaceOfThePoint() {
        #expect(parse("1,5", mark: 0x2C) == 150_000_000)
        #expect(parse("1.5", mark: 0x2C) == CSVNumber.invalid)
        #expect(parse("1,5,5", mark: 0x2C) == CSVNumber.invalid)
        #expect(parse("1,5e1", mark: 0x2C) == 1_500_000_000)
    }

    @Test(arguments: [
        ("4108250000000", -9, 410_825_000_000), ("1", -9, CSVNumber.invalid), ("12345", -2, 12_345_000_000),
        ("9223372036854775807", -9, CSVNumber.invalid), ("-10", -9, -1), ("1.5", -9, CSVNumber.invalid),
    ])
    func scaledIntegersAreExactOrRefused(text: String, exponent: Int, value: Int64) {
        let result = Array(text.utf8).withUnsafeBufferPointer {
            CSVNumber.scaledInteger($0, exponent: exponent)
        }
        #expect(result == value)
    }

    @Test func placesOfFieldsAreTheirOrder() {
        #expect(CSVField.allCases.map { $0.index } == Array(0..<CSVField.allCases.count))
    }

    @Test func agreesWithTheModelsParserOnRandomDecimals() {
        var generator = SeededGenerator(seed: 31)
        let alphabet = Array("0123456789.-".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int(1 + generator.next() % 22)).map { _ in alphabet[Int(generator.next() % 12)] }
            let expected = bytes.withUnsafeBufferPointer { FixedPointText.parse($0) } ?? CSVNumber.invalid
            #expect(
                parse(String(decoding: bytes, as: UTF8.self)) == expected,
                "\(String(decoding: bytes, as: UTF8.self))")
        }
    }
}
