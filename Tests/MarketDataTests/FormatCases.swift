import MarketData

private let binanceSpot = """
    51175358,17.80180000,5.69000000,101.29224200,1583709433583,True,True
    51175359,17.80190000,0.00000001,0.00000017,1583709433583,False,True

    """
private let binanceFutures = """
    id,price,qty,quote_qty,time,is_buyer_maker
    3455608120,43651.5,0.022,960.333,1704067200047,true
    3455608121,43651.6,1.5,65477.4,1704067200048,false

    """
private let klines = """
    1601510340000,4.15070000,4.15870000,4.15060000,4.15540000,539.23000000,1601510399999,2240.39860900,13,401.82000000,1669.98121300,0
    1601510400000,4.15540000,4.15540000,4.15540000,4.15540000,0.00000000,1601510459999,0.00000000,0,0.00000000,0.00000000,0

    """
private let databentoTop = """
    ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,sequence,bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,bid_ct_00,ask_ct_00,symbol
    2020-12-28T13:00:00.006136329Z,2020-12-28T13:00:00.006001487Z,1,1,5482,A,A,0,3720.500000000,1,128,17214,1170362,3720.250000000,3720.500000000,24,12,15,10,ESH1
    2020-12-28T13:00:00.006246513Z,2020-12-28T13:00:00.006146661Z,1,1,5482,T,B,0,3720.500000000,3,0,18858,1170364,3720.250000000,3720.500000000,24,11,15,9,ESH1
    2020-12-28T13:00:00.006246514Z,2020-12-28T13:00:00.006146661Z,1,1,5482,R,N,0,,0,8,18858,1170365,,3720.500000000,0,11,0,9,ESH1

    """

let formatCases: [FormatCase] = binanceCases + databentoCases + otherCases + foreignExchangeCases

private let binanceCases = [
    FormatCase(
        name: "Binance spot trades, milliseconds, no header", format: .binanceTrades, symbol: "BNBUSDT",
        text: binanceSpot,
        expected: [
            "BNBUSDT trade 2020-03-08T23:17:13.583000000Z 17.8018 5.69 51175358 2",
            "BNBUSDT trade 2020-03-08T23:17:13.583000000Z 17.8019 0.00000001 51175359 1",
        ]),
    FormatCase(
        name: "Binance spot trades since 2025, microseconds", format: .binanceTrades, symbol: "BTCUSDT",
        text: "4359540124,93576.00000000,0.00071000,66.43896000,1735689600005123,False,True\n",
        expected: ["BTCUSDT trade 2025-01-01T00:00:00.005123000Z 93576 0.00071 4359540124 1"]),
    FormatCase(
        name: "Binance futures trades, header", format: .binanceTrades, symbol: "BTCUSDT",
        text: binanceFutures,
        expected: [
            "BTCUSDT trade 2024-01-01T00:00:00.047000000Z 43651.5 0.022 3455608120 2",
            "BTCUSDT trade 2024-01-01T00:00:00.048000000Z 43651.6 1.5 3455608121 1",
        ]),
    FormatCase(
        name: "Binance spot aggregate trades", format: .binanceAggregateTrades, symbol: "X",
        text: "0,0.20000000,50.00000000,0,0,1735689600010866,False,True\n",
        expected: ["X trade 2025-01-01T00:00:00.010866000Z 0.2 50 0 1"]),
    FormatCase(
        name: "Binance futures aggregate trades, header", format: .binanceAggregateTrades, symbol: "X",
        text: "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
            + "2024418893,43651.5,0.022,4421,4422,1704067200047,true\n",
        expected: ["X trade 2024-01-01T00:00:00.047000000Z 43651.5 0.022 2024418893 2"]),
    FormatCase(
        name: "Binance klines, no header", format: .binanceKlines, symbol: "BNBUSDT", text: klines,
        expected: [
            "BNBUSDT barVolume 2020-09-30T23:59:59.999000000Z 539.23 60000000000 13 2240.398609",
            "BNBUSDT bar 2020-09-30T23:59:59.999000000Z 4.1507 4.1587 4.1506 4.1554",
            "BNBUSDT barVolume 2020-10-01T00:00:59.999000000Z 0 60000000000 0 0",
            "BNBUSDT bar 2020-10-01T00:00:59.999000000Z 4.1554 4.1554 4.1554 4.1554",
        ]),
    FormatCase(
        name: "Binance klines, header, microseconds", format: .binanceKlines, symbol: "X",
        text: "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
            + "taker_buy_quote_volume,ignore\n"
            + "1735689600000000,4.1,4.2,4.0,4.1,539.2,1735693199999999,2240.4,13,401.8,1669.9,0\n",
        expected: [
            "X barVolume 2025-01-01T00:59:59.999999000Z 539.2 3600000000000 13 2240.4",
            "X bar 2025-01-01T00:59:59.999999000Z 4.1 4.2 4 4.1",
        ]),
]

private let databentoCases = [
    FormatCase(
        name: "Databento mbp-1, pretty, symbols", format: .databentoTopOfBook, symbol: nil,
        text: databentoTop,
        expected: [
            "ESH1 quote 2020-12-28T13:00:00.006001487Z 2020-12-28T13:00:00.006136329Z 3720.25 3720.5 24 12 flags 2",
            "ESH1 quote 2020-12-28T13:00:00.006146661Z 2020-12-28T13:00:00.006246513Z 3720.25 3720.5 24 11",
            "ESH1 trade 2020-12-28T13:00:00.006146661Z 2020-12-28T13:00:00.006246513Z 3720.5 3 0 1",
        ]),
    FormatCase(
        name: "Databento mbp-1, whole numbers, no symbols", format: .databentoTopOfBook, symbol: nil,
        text:
            "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,"
            + "sequence,bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,bid_ct_00,ask_ct_00\n"
            + "1609160400006136329,1609160400006001487,1,1,5482,A,A,0,3720500000000,1,128,17214,1170362,"
            + "3720250000000,3720500000000,24,12,15,10\n"
            + "1609160400006136330,1609160400006001487,1,1,5482,C,B,0,9223372036854775807,1,128,17214,1170362,"
            + "9223372036854775807,3720500000000,0,12,0,10\n"
            + "1609160400006136331,1609160400006001487,1,1,5482,A,A,0,3720500000000,1,32,17214,1170362,"
            + "3720250000000,3720500000000,25,12,15,10\n",
        expected: [
            "5482 quote 2020-12-28T13:00:00.006001487Z 2020-12-28T13:00:00.006136329Z 3720.25 3720.5 24 12 flags 2",
            "5482 quote 2020-12-28T13:00:00.006001487Z 2020-12-28T13:00:00.006136331Z 3720.25 3720.5 25 12 flags 1",
        ]),
    FormatCase(
        name: "Databento trades, times of pandas", format: .databentoTrades, symbol: "ESH1",
        text:
            "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,"
            + "sequence\n"
            + "2020-12-28 13:00:00.007044479+00:00,2020-12-28 13:00:00.006900000+00:00,0,1,5482,T,A,0,3720.25,5,129,"
            + "19251,1170380\n"
            + "2020-12-28 13:00:00.008000000+00:00,2020-12-28 13:00:00.007900000+00:00,0,1,5482,T,N,0,3720.5,1,0,"
            + "19251,1170381\n",
        expected: [
            "ESH1 trade 2020-12-28T13:00:00.006900000Z 2020-12-28T13:00:00.007044479Z 3720.25 5 0 2 flags 2",
            "ESH1 trade 2020-12-28T13:00:00.007900000Z 2020-12-28T13:00:00.008000000Z 3720.5 1 0 0",
        ]),
    FormatCase(
        name: "Databento bars", format: .databentoBars, symbol: nil,
        text: "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n"
            + "1609160400000000000,33,1,5482,372025000000000,372050000000000,372025000000000,372050000000000,353,A\n"
            + "1609160460000000000,33,1,5482,372025000000000,372050000000000,372025000000000,372050000000000,0,A\n",
        expected: [
            "A barVolume 2020-12-28T13:01:00.000000000Z 353 60000000000 0 0",
            "A bar 2020-12-28T13:01:00.000000000Z 372025 372050 372025 372050",
            "A barVolume 2020-12-28T13:02:00.000000000Z 0 60000000000 0 0",
            "A bar 2020-12-28T13:02:00.000000000Z 372025 372050 372025 372050",
        ]),
]

private let otherCases = [
    FormatCase(
        name: "Tardis trades", format: .tardisTrades, symbol: nil,
        text: "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
            + "binance-futures,BTCUSDT,1582329602111000,1582329602418379,42377944,buy,9682,0.132\n"
            + "binance-futures,ETHUSDT,1582329602111000,1582329602418379,42377944,sell,268.5,7\n",
        expected: [
            "BTCUSDT trade 2020-02-22T00:00:02.111000000Z 2020-02-22T00:00:02.418379000Z 9682 0.132 42377944 1",
            "ETHUSDT trade 2020-02-22T00:00:02.111000000Z 2020-02-22T00:00:02.418379000Z 268.5 7 42377944 2",
        ]),
    FormatCase(
        name: "Tardis quotes", format: .tardisQuotes, symbol: nil,
        text: "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n"
            + "binance-futures,BTCUSDT,1582329601096000,1582329603502092,0.84,9682,9681.92,0.67\n",
        expected: [
            "BTCUSDT quote 2020-02-22T00:00:01.096000000Z 2020-02-22T00:00:03.502092000Z 9681.92 9682 0.67 0.84"
        ]),
    FormatCase(
        name: "Plain quotes, quoted cells, exponents", format: .quotes, symbol: "X",
        text:
            "\"time\",\"bid\",\"ask\"\n\"2020-01-01T00:00:00Z\",\"1.5\",1.6e0\n2020-01-01T00:00:01Z,1.5,2\n",
        expected: [
            "X quote 2020-01-01T00:00:00.000000000Z 1.5 1.6 0 0",
            "X quote 2020-01-01T00:00:01.000000000Z 1.5 2 0 0",
        ]),
]

private let foreignExchangeCases = [
    FormatCase(
        name: "TrueFX archive", format: .truefx, symbol: nil,
        text:
            "EUR/USD,20090501 00:00:00.123,1.32264,1.32268\nEUR/USD,20090501 00:00:01.001,1.32263,1.32269\n",
        expected: [
            "EUR/USD quote 2009-05-01T00:00:00.123000000Z 1.32264 1.32268 0 0",
            "EUR/USD quote 2009-05-01T00:00:01.001000000Z 1.32263 1.32269 0 0",
        ]),
    FormatCase(
        name: "TrueFX with tokens", format: .truefx, symbol: "AUDUSD",
        text: "ts_ns,token,type,p1,p2,q1,q2\n1580398089820000000,1,Q,0.67067,0.67070,1000000,1000000\n",
        expected: ["AUDUSD quote 2020-01-30T15:28:09.820000000Z 0.67067 0.6707 1000000 1000000"]),
    FormatCase(
        name: "Dukascopy ticks, day first, volumes in millions", format: .dukascopy, symbol: "EURUSD",
        text: "Gmt time,Ask,Bid,AskVolume,BidVolume\n02.01.2020 22:00:00.123,1.11732,1.11718,0.75,1.5\n"
            + "02.01.2020 22:00:00.999,1.11733,1.11719,1,2.25\n",
        expected: [
            "EURUSD quote 2020-01-02T22:00:00.123000000Z 1.11718 1.11732 1500000 750000",
            "EURUSD quote 2020-01-02T22:00:00.999000000Z 1.11719 1.11733 2250000 1000000",
        ]),
    FormatCase(
        name: "Dukascopy ticks, local time with its zone", format: .dukascopy, symbol: "EURUSD",
        text: "Local time,Ask,Bid,AskVolume,BidVolume\n01.07.2020 01:00:00.123 GMT+0200,1.2,1.1,1,1\n"
            + "01.07.2020 01:00:00.124 GMT+0200,1.2,1.1,1,1\n",
        expected: [
            "EURUSD quote 2020-06-30T23:00:00.123000000Z 1.1 1.2 1000000 1000000",
            "EURUSD quote 2020-06-30T23:00:00.124000000Z 1.1 1.2 1000000 1000000",
        ]),
    FormatCase(
        name: "Dukascopy ticks, year first, no header", format: .dukascopy, symbol: "EURUSD",
        text: "2017-01-01 22:00:20.786,1.05236,1.05148,0.75,0.75\n",
        expected: ["EURUSD quote 2017-01-01T22:00:20.786000000Z 1.05148 1.05236 750000 750000"]),
    FormatCase(
        name: "Dukascopy bars", format: .dukascopy, symbol: "EURUSD",
        text: "Gmt time,Open,High,Low,Close,Volume\n01.01.2020 22:00:00.000,1.12,1.13,1.11,1.12,1.5\n"
            + "01.01.2020 22:01:00.000,1.12,1.13,1.11,1.12,0\n",
        expected: [
            "EURUSD barVolume 2020-01-01T22:01:00.000000000Z 1500000 60000000000 0 0",
            "EURUSD bar 2020-01-01T22:01:00.000000000Z 1.12 1.13 1.11 1.12",
            "EURUSD barVolume 2020-01-01T22:02:00.000000000Z 0 60000000000 0 0",
            "EURUSD bar 2020-01-01T22:02:00.000000000Z 1.12 1.13 1.11 1.12",
        ]),
    FormatCase(
        name: "HistData ticks, EST", format: .histdata, symbol: "EURUSD",
        text: "20200701 170000065,1.121200,1.121720,0\n20200701 170010447,1.121200,1.121920,0\n",
        expected: [
            "EURUSD quote 2020-07-01T22:00:00.065000000Z 1.1212 1.12172 0 0",
            "EURUSD quote 2020-07-01T22:00:10.447000000Z 1.1212 1.12192 0 0",
        ]),
    FormatCase(
        name: "HistData M1 bars", format: .histdata, symbol: "EURUSD",
        text:
            "20120201 000000;1.306600;1.306600;1.306560;1.306560;0\n20120201 000100;1.30657;1.30657;1.30647;1.30656;0\n",
        expected: [
            "EURUSD barVolume 2012-02-01T05:01:00.000000000Z 0 60000000000 0 0",
            "EURUSD bar 2012-02-01T05:01:00.000000000Z 1.3066 1.3066 1.30656 1.30656",
            "EURUSD barVolume 2012-02-01T05:02:00.000000000Z 0 60000000000 0 0",
            "EURUSD bar 2012-02-01T05:02:00.000000000Z 1.30657 1.30657 1.30647 1.30656",
        ]),
    FormatCase(
        name: "HistData M1 bars of MetaTrader, date apart", format: .histdata, symbol: "EURUSD",
        text: "2012.02.01,00:00,1.306600,1.306600,1.306560,1.306560,0\n2012.02.01,00:01,1.3,1.3,1.3,1.3,2\n",
        expected: [
            "EURUSD barVolume 2012-02-01T05:01:00.000000000Z 0 60000000000 0 0",
            "EURUSD bar 2012-02-01T05:01:00.000000000Z 1.3066 1.3066 1.30656 1.30656",
            "EURUSD barVolume 2012-02-01T05:02:00.000000000Z 2 60000000000 0 0",
            "EURUSD bar 2012-02-01T05:02:00.000000000Z 1.3 1.3 1.3 1.3",
        ]),
]
